import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import type { RawDigits } from '../train/digits.js';

const require = createRequire(import.meta.url);

/** The folder of tfjs's WASM files, with the slash at its end that tfjs wants. */
export function tfjsWasmFolder(): string {
  return packageFolder('@tensorflow/tfjs-backend-wasm', 'wasm-out') + sep;
}

/** The ten thousand digits of the `mnist` package, one file per class. */
export async function loadDigits(): Promise<RawDigits[]> {
  const folder = packageFolder('mnist', 'src', 'digits');
  return Promise.all(
    Array.from({ length: 10 }, (_, label) => loadClass(label, join(folder, `${label}.json`))),
  );
}

async function loadClass(label: number, file: string): Promise<RawDigits> {
  const content: unknown = JSON.parse(await readFile(file, 'utf8'));
  if (!hasNumbers(content))
    throw new Error(`${file} is not what the mnist package had in it: no list of numbers.`);
  return { label, values: content.data };
}

function hasNumbers(content: unknown): content is { data: number[] } {
  if (typeof content !== 'object' || content === null || !('data' in content)) return false;
  return Array.isArray(content.data) && typeof content.data[0] === 'number';
}

function packageFolder(name: string, ...inside: string[]): string {
  return join(dirname(require.resolve(`${name}/package.json`)), ...inside);
}
