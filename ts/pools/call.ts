import type { Batch } from '../arguments/batch.js';
import type { FeatureMapShape } from '../arguments/feature-map.js';
import { bytesOf, dataTypes, type MapType, WORD_BYTES } from '../core/tensor.js';
import type { CallMemory } from '../memory/call-memory.js';
import { type JobList, operations } from '../memory/job.js';
import type { Operand } from '../memory/operand.js';
import type { Plan } from '../plans/plan.js';
import type { Internals } from '../runtime/runtime.js';
import type { Pool } from './pool.js';

/** A call of a pool, whose arguments were checked: all that both kinds of pool tell of it. */
export interface Call {
  readonly pool: Pool;
  readonly operation: keyof typeof operations;
  readonly planner: Planner;
  readonly batch: Batch;
  /** Each map, or the gradient with respect to it. */
  readonly maps: readonly Operand<MapType>[];
  /** The output, or the gradient with respect to it. */
  readonly output: Operand<MapType>;
  /** Where the values of the output came from: a result of forward, an input of backward. */
  readonly indices: Operand<'int32'> | undefined;
  /** The regions of the only map: each has a row of the output. Without regions each item of a map has one. */
  readonly rois: Operand<'float32'> | undefined;
  /** All of these but the regions, those that are read before those that are written. */
  readonly operands: readonly Operand[];
}

/** How a pool plans its calls in WASM memory. */
export interface Planner {
  /** The plan of a map, which must be released. */
  plan(internals: Internals, shape: FeatureMapShape, callMemory: CallMemory, rois: Operand | undefined): Plan;
}

/** Elements of the output, or of its gradient, that belong to one map. */
export function outputSizeOf({ output, rois }: Call, { batch }: FeatureMapShape): number {
  return (rois?.dims[0] ?? batch) * (output.dims.at(-1) as number);
}

/** A job for each map and its plan, once the tensors have their addresses. */
export function describeJobs(call: Call, plans: readonly Plan[]): JobList {
  const { batch, maps, output, indices } = call;
  const operation = operations[call.operation];
  const { element } = dataTypes[output.type];
  const words: number[] = [];
  let before = 0;
  let elements = output.size;
  let scratchWords = 0;
  // A plain loop: every call comes by here.
  for (let i = 0; i < maps.length; i++) {
    const shape = batch.shapes[i] as FeatureMapShape;
    const map = maps[i] as Operand;
    const plan = plans[i] as Plan;
    words.push(
      plan.address,
      shape.batch,
      shape.channels,
      operation,
      map.address,
      output.address + before * bytesOf(output.type),
      indices ? indices.address + before * WORD_BYTES : 0,
      element,
    );
    before += outputSizeOf(call, shape);
    elements += map.size;
    scratchWords = Math.max(scratchWords, plan.scratchWords(operation, element));
  }
  return { count: maps.length, words, elements, scratchBytes: scratchWords * WORD_BYTES };
}

/** What the caller gets. */
export function resultOf({ batch, maps, output, indices }: Call, callMemory: CallMemory): unknown {
  if (output.isResult) {
    const tensor = callMemory.tensorOf(output);
    return indices ? { output: tensor, indices: callMemory.tensorOf(indices) } : tensor;
  }
  return batch.ragged
    ? maps.map((map) => callMemory.tensorOf(map))
    : callMemory.tensorOf(maps[0] as Operand<MapType>);
}
