/** The published package keeps what SECURITY.md says, and all that it is built from is locked. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const manifest = JSON.parse(read('package.json'));
const second = JSON.parse(read('extract', 'package.json'));

test('nothing runs when a package is installed', () => {
  const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare'];
  for (const { scripts = {} } of [manifest, second]) {
    expect(Object.keys(scripts).filter((name) => hooks.includes(name))).toEqual([]);
  }
  expect(manifest.dependencies, 'nothing is installed with it').toBeUndefined();
});

test('every dependency has one version', () => {
  const { 'pyramid-pool': library, ...others } = second.dependencies;
  expect(library).toBe(`^${manifest.version}`);
  const all = { ...manifest.devDependencies, ...others, ...second.devDependencies };
  for (const [name, version] of Object.entries(all))
    expect(`${name} ${version}`).toMatch(/ (npm:\S+@)?\d[\w.-]*$/);
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { integrity?: string; link?: boolean; inBundle?: boolean }>;
  };
  const unlocked = Object.entries(packages).filter(
    ([path, { integrity, link, inBundle }]) =>
      path !== '' && path !== 'extract' && !integrity && !link && !inBundle,
  );
  expect(unlocked.map(([path]) => path)).toEqual([]);
});

test('no text is evaluated, no connection opened, no file written', () => {
  // The command reads and writes the files that it is given; nothing imports it.
  const command = ['node/cli.js', 'onnx/cli.ts'];
  const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.js') && !command.includes(file),
  );
  expect(files.length).toBeGreaterThan(3);
  const forbidden =
    /\beval\(|new Function\b|\bXMLHttpRequest\b|\bWebSocket\b|\bchild_process\b|\bwriteFile|\bsendBeacon\b/;
  expect(files.filter((file) => forbidden.test(read('dist', file)))).toEqual([]);
  // What is loaded is what the caller named: this is the one place.
  const loading = ['ts/platform'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((file) => read(folder, file)),
  );
  const elsewhere = readdirSync(join(root, 'ts'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('platform') && !command.includes(file))
    // Examples in comments are the caller's code.
    .filter((file) => /\bfetch\(|\breadFile/.test(read('ts', file).replace(/\/\*\*.*?\*\//gs, '')));
  expect(elsewhere).toEqual([]);
  expect(loading.join('').match(/\bfetch\(/g)?.length).toBeGreaterThan(0);
});
