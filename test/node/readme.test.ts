/** What the README shows is run as it stands. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Inside the project, where the package finds itself by its name. */
mkdirSync(join(root, 'target'), { recursive: true });
const folder = mkdtempSync(join(root, 'target', 'readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The first example that holds all of `words`. */
function example(...words: string[]): string {
  const examples = [...readme.matchAll(/```[jt]s\n(.*?)```/gs)].map(([, code]) => code as string);
  return examples.find((code) => words.every((word) => code.includes(word))) as string;
}

/** Runs an example as a process of its own. */
function run(code: string, cwd = root) {
  const file = join(folder, 'main.mjs');
  writeFileSync(file, code);
  const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd, encoding: 'utf8', timeout: 50_000 });
  return { out: stdout.trim(), stderr };
}

test('the first example', () => {
  expect(run(example('createPyramidPool'))).toEqual({
    out: '[ 1, 5376 ] [ 1, 256, 13, 13 ]',
    stderr: '',
  });
});

test('the example for ONNX Runtime', () => {
  expect(run(example('onnxruntime-web'), join(root, 'test', 'interop', 'onnx'))).toEqual({
    out: '[ 1, 5, 17, 24 ] [ 1, 105 ] [ 1, 3 ]',
    stderr: '',
  });
});

test('the example for TensorFlow.js', () => {
  expect(run(example('pyramid-pool/tfjs')).out.split('\n').slice(-2)).toEqual([
    '[ 1, 10 ] [ 1, 10 ]',
    '[ 1, 13, 17, 256 ]',
  ]);
});

test('the example for threads', () => {
  writeFileSync(join(folder, 'backbone.mjs'), example('// backbone.mjs'));
  expect(run(example('// main.mjs'))).toEqual({ out: '7', stderr: '' });
});

test('the operation for tfjs does without tfjs-layers', () => {
  const hooks = `export const resolve = (name, context, next) => {
    if (name.startsWith('@tensorflow/tfjs-layers')) throw new Error(name + ' is not installed');
    return next(name, context);
  };`;
  const load = (path: string) => `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
    console.log(await import('${path}').then((module) => Object.keys(module).join(), (error) => error.message));`;
  expect(run(load('pyramid-pool/tfjs-core')).out).toBe('spatialPyramidPool');
  expect(run(load('pyramid-pool/tfjs')).out).toBe('@tensorflow/tfjs-layers is not installed');
});
