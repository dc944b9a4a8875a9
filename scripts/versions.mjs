import { readFileSync, writeFileSync } from 'node:fs';
import { cli } from './cli.mjs';
import { inProject } from './project.mjs';

const help = `
Usage: node scripts/versions.mjs

Writes the version and the repository of package.json into the crate's manifest and Cargo.lock. \`npm run release:version\` runs it.`;

const read = (...names) => readFileSync(inProject(...names), 'utf8');

/** What package.json says of the release. */
export function released() {
  const { version, repository } = JSON.parse(read('package.json'));
  return { version, repository: repository.url.replace(/^git\+|\.git$/g, '') };
}

const inManifest = /^(\[workspace\.package\]\n(?:.+\n)*?version = ")[^"]+/m;
const inLock = /^(name = "pyramid-pool"\nversion = ")[^"]+/m;
const ofRepository = /^(repository = ")[^"]+/m;

/** The manifest of the second package. */
const second = () => JSON.parse(read('extract', 'package.json'));

/** What the crate's files, the second package and the changelog say of the release, by the file. */
export function statedVersions() {
  return {
    'Cargo.toml': read('Cargo.toml').match(inManifest)?.[0].split('"').at(-1),
    'Cargo.lock': read('Cargo.lock').match(inLock)?.[0].split('"').at(-1),
    'extract/package.json': second().version,
    "extract/package.json's dependency": second().dependencies['pyramid-pool'].replace(/^\^/, ''),
    'CHANGELOG.md': read('CHANGELOG.md').match(/^## (\d\S*)/m)?.[1],
  };
}

/** The repository that the crate names. */
export const statedRepository = () => read('Cargo.toml').match(ofRepository)?.[0].split('"').at(-1);

function writeVersions() {
  const { version, repository } = released();
  const manifest = read('Cargo.toml')
    .replace(inManifest, `$1${version}`)
    .replace(ofRepository, `$1${repository}`);
  writeFileSync(inProject('Cargo.toml'), manifest);
  writeFileSync(inProject('Cargo.lock'), read('Cargo.lock').replace(inLock, `$1${version}`));
}

await cli(import.meta, help, writeVersions);
