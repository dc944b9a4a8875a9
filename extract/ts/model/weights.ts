import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * The files beside a model that hold its weights, as exporters name them: `model.onnx.data`, `model.onnx_data`, `model.data`,
 * `model.bin`, `model.weights`.
 */
export function weightFiles(model: string): string[] {
  const file = basename(model);
  const stem = file.replace(/\.onnx$/i, '');
  const isWeights = (name: string) =>
    (name.startsWith(file) && name !== file && /^[._]/.test(name.slice(file.length))) ||
    ['data', 'bin', 'weights'].some((end) => name === `${stem}.${end}`);
  return readdirSync(dirname(model)).filter(isWeights).sort();
}

/** The weights of a model, as ONNX Runtime takes them. */
export function readWeights(model: string): Promise<{ path: string; data: Uint8Array }[]> {
  return Promise.all(
    weightFiles(model).map(async (path) => ({ path, data: await readFile(join(dirname(model), path)) })),
  );
}
