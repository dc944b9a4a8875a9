import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path/posix';
import { inProject } from './project.mjs';

/**
 * Writes what tools need that do not read `exports` of package.json: for each module with a sub-path a folder of that name,
 * whose own package.json says where the module lies. TypeScript's `moduleResolution: node`, eslint-plugin-import and Parcel
 * look there.
 */
export function writeStubs() {
  const { exports } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  for (const [path, { types, node, browser }] of Object.entries(exports)) {
    if (path === '.' || !types) continue;
    const seen = (file) => relative(path, file);
    rmSync(inProject(path), { recursive: true, force: true });
    mkdirSync(inProject(path), { recursive: true });
    const stub = { type: 'module', main: seen(node), browser: seen(browser), types: seen(types) };
    writeFileSync(inProject(path, 'package.json'), `${JSON.stringify(stub, null, 2)}\n`);
  }
}
