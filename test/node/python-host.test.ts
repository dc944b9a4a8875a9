/** The host in Python gives PyTorch's bits and the recorded corpus, with either module, and clear errors. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findPython, howToGetPython } from '../../scripts/python.mjs';
import { expected } from '../corpus/corpus.mjs';
import { root } from './markdown.js';

const python = findPython();
if (!python) console.warn(howToGetPython);

async function run(script: string, ...args: string[]): Promise<string> {
  const file = join(root, 'test', 'hosts', 'python', script);
  const { stdout } = await promisify(execFile)(python as string, [file, ...args]);
  return stdout.trim();
}

describe.skipIf(!python)('the host in Python, with wasmtime', () => {
  describe.each(['simd', 'scalar'])('%s.wasm', (variant) => {
    const wasm = join(root, 'dist', 'wasm', `${variant}.wasm`);

    test('gives the answers of PyTorch, torchvision and Caffe', async () => {
      expect(await run('golden.py', wasm)).toBe('270 cases agree');
    });

    test('gives the hash of the recorded corpus', async () => {
      expect(await run('corpus.py', wasm)).toBe(expected);
    });

    test('uses arrays in place, gives memory back, and refuses what is wrong', async () => {
      expect(await run('use.py', wasm)).toBe('as it should be');
    });
  });
});
