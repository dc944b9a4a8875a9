/** Networks that PyTorch exported, with its answers: `test/interop/onnx/export.py` made them. */
import type { Tensor, TypedTensor } from 'onnxruntime-web';
import * as ort from 'onnxruntime-web';
import { expect } from 'vitest';
import answers from './onnx/exported/answers.json' with { type: 'json' };
import { packageFolder } from './package-folder.js';

const urls = import.meta.glob('./onnx/exported/*.onnx', {
  query: '?inline',
  import: 'default',
  eager: true,
}) as Record<string, string>;

export type Feeds = Record<string, Tensor>;

/** A file, and what PyTorch makes of some feeds. */
export interface Exported {
  readonly file: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly runs: readonly { feeds: Feeds; outputs: Record<string, TypedTensor<'float32'>> }[];
}

interface Packed {
  dims: number[];
  data: string;
}

const decode = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

const unpack = ({ dims, data }: Packed) =>
  new ort.Tensor('float32', new Float32Array(decode(data).buffer), dims);

const byName = (names: string[], tensors: Packed[]) =>
  Object.fromEntries(tensors.map((tensor, i) => [names[i]!, unpack(tensor)]));

/** The bytes of a file that was bundled as a data URL. */
export function bytesOf(url: string): Uint8Array<ArrayBuffer> {
  return decode(url.slice(url.indexOf(',') + 1));
}

/** All networks that were exported. */
export const exported: readonly Exported[] = Object.values(answers.networks).flatMap(({ files, runs }) =>
  Object.entries(files).map(([file, { inputs, outputs }]) => ({
    file,
    bytes: bytesOf(urls[`./onnx/exported/${file}`]!),
    runs: runs.map((run) => ({ feeds: byName(inputs, run.feeds), outputs: byName(outputs, run.outputs) })),
  })),
);

export function exportedFile(name: string): Exported {
  return exported.find(({ file }) => file === name)!;
}

/** Sets ONNX Runtime Web up: its files lie in the installed package. */
export function setUpOrt(): void {
  ort.env.wasm.wasmPaths = packageFolder('onnxruntime-web/dist');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
}

/** How far results may be from PyTorch's: sums are made in another order. */
const TOLERANCE = 2e-5;

export function expectNear(results: Record<string, Tensor>, outputs: Record<string, Tensor>): void {
  expect(Object.keys(results).sort()).toEqual(Object.keys(outputs).sort());
  for (const [name, expected] of Object.entries(outputs)) {
    const result = results[name]!;
    expect(result.dims, name).toEqual(expected.dims);
    const [a, b] = [result.data, expected.data] as [Float32Array, Float32Array];
    const far = a.findIndex((value, i) => !(Math.abs(value - b[i]!) <= TOLERANCE));
    expect(far, `${name}: element ${far} is ${a[far]}, not ${b[far]}`).toBe(-1);
  }
}
