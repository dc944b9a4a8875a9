import { PyramidPoolError } from '../core/errors.js';
import { WORD_BYTES } from '../core/tensor.js';
import type { WasmMemory } from '../memory/wasm-memory.js';

/** Sizes that tell which indices are inside. */
interface Planes {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

/** Indices of another shape would write outside their plane. They are checked where they are read, in WASM memory. */
export function checkIndices(
  memory: WasmMemory,
  address: number,
  { shapes, outputDims }: { shapes: readonly Planes[]; outputDims: readonly number[] },
): void {
  const row = outputDims.at(-1) as number;
  let before = 0;
  for (const { batch, height, width } of shapes) {
    checkPlaneIndices(memory, address, [before, before + batch * row], [height, width], false);
    before += batch * row;
  }
}

/** Checks the indices from `first` to `end`, which name cells of a plane; -1 is allowed where a bin may have none. */
export function checkPlaneIndices(
  memory: WasmMemory,
  address: number,
  [first, end]: readonly [number, number],
  [height, width]: readonly [number, number],
  nowhere: boolean,
): void {
  const count = end - first;
  const cells = height * width;
  const from = address + first * WORD_BYTES;
  const bad = memory.kernels.first_bad_index(from, count, cells, Number(nowhere)) >>> 0;
  if (bad === count) return;
  const index = memory.view('int32', address, end)[first + bad];
  throw new PyramidPoolError(
    'invalid-indices',
    `indices.data[${first + bad}] is ${index}, but a plane of ${height} x ${width} has ${cells} cells`,
  );
}
