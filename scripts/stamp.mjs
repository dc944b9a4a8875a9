import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, root } from './project.mjs';
import { tools } from './tools.mjs';

// What shapes a module beside its source; the variants' rows are among it.
const recipe = ['build-wasm.mjs', 'variants.mjs', 'variant-env.mjs', 'toolchain.mjs'].map((name) =>
  inProject('scripts', name),
);

/** A hash of all that a variant is made from. */
export function stampOf(name, toolchain) {
  const hash = createHash('sha256');
  const versions = [toolchain.version, ...tools.map(({ version }) => version()), binaryenVersion()];
  hash.update(JSON.stringify([name, versions]));
  for (const file of [...sources(), ...recipe]) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

const binaryenVersion = () =>
  JSON.parse(readFileSync(inProject('node_modules', 'binaryen', 'package.json'), 'utf8')).version;

const sources = () => [
  inProject('Cargo.toml'),
  inProject('Cargo.lock'),
  ...filesUnder(inProject('crate')).filter(isSource),
];

// Crates of their own do not shape a module.
const others = ['fuzz', 'unpack'].map((name) => inProject('crate', name));
const isSource = (file) => !others.some((folder) => file.startsWith(folder));

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
