/** How programs are started on systems that these tests do not run on. */
import { expect, test } from 'vitest';
import { programFile } from '../../scripts/path.mjs';
import { installedProgram, npm } from '../../scripts/programs.mjs';

test('npm is started as a script of Node on Windows, where npm is a batch file', () => {
  expect(npm({ platform: 'linux' })).toEqual(['npm']);
  const node = 'node.exe';
  const env = { npm_execpath: 'C:/npm/bin/npm-cli.js' };
  expect(npm({ platform: 'win32', env, node })).toEqual([node, env.npm_execpath]);
  expect(npm({ platform: 'win32', env: {}, node })[1]).toMatch(/npm[\\/]bin[\\/]npm-cli\.js$/);
});

test('a program of a package is started as a script of Node', () => {
  const [node, script] = installedProgram('typescript', 'tsc');
  expect(node).toBe(process.execPath);
  expect(script).toMatch(/node_modules.typescript.bin.tsc$/);
  expect(() => installedProgram('no-such-package')).toThrow(/npm run setup/);
});

test('programs end with .exe on Windows', () => {
  expect(
    ['linux', 'darwin', 'win32'].map((platform) => programFile('cargo', platform as NodeJS.Platform)),
  ).toEqual(['cargo', 'cargo', 'cargo.exe']);
});
