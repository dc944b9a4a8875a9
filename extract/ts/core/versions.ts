import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

const versionIn = (file: string) => (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;

/** The folder of this package's code. */
const ownFolder = dirname(fileURLToPath(import.meta.url));

/** The library's manifest, and beside it `dist`. */
const libraryManifest = require.resolve('pyramid-pool/package.json');

export const ownVersion = versionIn(join(ownFolder, '..', 'package.json'));

export const libraryVersion = versionIn(libraryManifest);

/** SHA-256 of the code that makes vectors: this package's, and the library's for Node. */
export function hashPackage(): string {
  const hash = createHash('sha256');
  for (const folder of [ownFolder, join(dirname(libraryManifest), 'dist', 'node')]) {
    for (const name of readdirSync(folder).sort()) {
      if (/\.c?js$/.test(name)) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest('hex');
}

/** SHA-256 of the kernels. */
export const hashKernels = () =>
  createHash('sha256')
    .update(readFileSync(require.resolve('pyramid-pool/simd.wasm')))
    .digest('hex');
