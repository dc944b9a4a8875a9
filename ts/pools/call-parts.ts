import type { Batch } from '../arguments/batch.js';
import type { FeatureMapShape } from '../arguments/feature-map.js';
import { bytesOf, dataTypes, type MapType, WORD_BYTES } from '../core/tensor.js';
import type { Kernels } from '../core/variant.js';
import type { CallMemory } from '../memory/call-memory.js';
import { type JobList, operations } from '../memory/job.js';
import type { Operand } from '../memory/operand.js';
import type { Internals } from '../runtime/runtime.js';

/** What a call does, and with which tensors: all that both kinds of pool tell of it. */
export interface CallParts {
  readonly operation: keyof typeof operations;
  readonly planner: Planner;
  readonly batch: Batch;
  /** Each map, or the gradient with respect to it. */
  readonly maps: readonly Operand<MapType>[];
  /** The output, or the gradient with respect to it. */
  readonly output: Operand<MapType>;
  /** Where the values of the output came from: a result of forward, an input of backward. */
  readonly indices?: Operand<'int32'> | undefined;
  /** The regions of the only map: each has a row of the output. Without regions each item of a map has one. */
  readonly rois?: Operand<'float32'> | undefined;
}

/** How a pool plans its calls in WASM memory. */
export interface Planner {
  /** The address of the plan of a map, which lasts until the memory of the call is freed. */
  plan(
    internals: Internals,
    shape: FeatureMapShape,
    callMemory: CallMemory,
    rois: Operand | undefined,
  ): number;
  /** Words of working memory that a thread needs for it. */
  scratchWords(kernels: Kernels, plan: number, operation: number, element: number): number;
}

/** The tensors of a call but for the regions, those that are read before those that are written. */
export function operandsOf({ maps, output, indices }: CallParts): Operand[] {
  const rows = indices ? [output, indices] : [output];
  return output.isResult ? [...maps, ...rows] : [...rows, ...maps];
}

/** Elements of the output, or of its gradient, that belong to one map. */
export function outputSizeOf({ output, rois }: CallParts, { batch }: FeatureMapShape): number {
  return (rois?.dims[0] ?? batch) * (output.dims.at(-1) as number);
}

/** A job for each map and its plan, once the tensors have their addresses. */
export function describeJobs(parts: CallParts, plans: readonly number[], kernels: Kernels): JobList {
  const { planner, batch, maps, output, indices } = parts;
  const operation = operations[parts.operation];
  const { element } = dataTypes[output.type];
  const words: number[] = [];
  let before = 0;
  let elements = output.size;
  let scratchWords = 0;
  // A plain loop: every call comes by here.
  for (let i = 0; i < maps.length; i++) {
    const shape = batch.shapes[i] as FeatureMapShape;
    const map = maps[i] as Operand;
    const plan = plans[i] as number;
    words.push(
      plan,
      shape.batch,
      shape.channels,
      operation,
      map.address,
      output.address + before * bytesOf(output.type),
      indices ? indices.address + before * WORD_BYTES : 0,
      element,
    );
    before += outputSizeOf(parts, shape);
    elements += map.size;
    scratchWords = Math.max(scratchWords, planner.scratchWords(kernels, plan, operation, element) >>> 0);
  }
  return { count: maps.length, words, elements, scratchBytes: scratchWords * WORD_BYTES };
}
