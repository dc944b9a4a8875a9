import type { FeatureMapShape } from '../arguments/feature-map.js';
import { PyramidPoolError } from '../core/errors.js';
import { WORD_BYTES } from '../core/tensor.js';
import type { WasmMemory } from '../memory/wasm-memory.js';
import { type Call, outputSizeOf } from './call.js';

/**
 * Indices that point outside their plane would write there. They are checked where they are read, in WASM memory. Bins of a region may
 * have no cell: their index is -1.
 */
export function checkIndices(call: Call, memory: WasmMemory): void {
  const { indices, rois, batch } = call;
  if (!indices || indices.isResult) return;
  let before = 0;
  // A plain loop: every call of backward comes by here.
  for (let i = 0; i < batch.shapes.length; i++) {
    const shape = batch.shapes[i] as FeatureMapShape;
    const { height, width } = shape;
    const count = outputSizeOf(call, shape);
    const cells = height * width;
    const address = indices.address + before * WORD_BYTES;
    const bad = memory.kernels.first_bad_index(address, count, cells, Number(rois !== undefined)) >>> 0;
    if (bad < count) {
      const index = memory.view('int32', address + bad * WORD_BYTES, 1)[0];
      throw new PyramidPoolError(
        'invalid-indices',
        `indices.data[${before + bad}] is ${index}, but a plane of ${height} x ${width} has ${cells} cells`,
      );
    }
    before += count;
  }
}
