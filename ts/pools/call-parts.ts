import type { Batch } from '../arguments/batch.js';
import type { FeatureMapShape } from '../arguments/feature-map.js';
import { bytesOf, dataTypes, type MapType, WORD_BYTES } from '../core/tensor.js';
import type { Kernels } from '../core/variant.js';
import type { CallMemory } from '../memory/call-memory.js';
import { type Job, type JobList, operations } from '../memory/job.js';
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

/** The tensors of a call, those that are read before those that are written. */
export function operandsOf({ maps, output, indices, rois }: CallParts): Operand[] {
  const rows = [output, indices];
  const all = output.isResult ? [rois, ...maps, ...rows] : [rois, ...rows, ...maps];
  return all.filter((operand) => operand !== undefined);
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
  const jobs: Job[] = [];
  let [before, elements, scratchWords] = [0, output.size, 0];
  batch.shapes.forEach((shape, i) => {
    const map = maps[i] as Operand;
    const plan = plans[i] as number;
    jobs.push({
      plan,
      batch: shape.batch,
      channels: shape.channels,
      operation,
      input: map.address,
      output: output.address + before * bytesOf(output.type),
      indices: indices ? indices.address + before * WORD_BYTES : 0,
      element,
    });
    before += outputSizeOf(parts, shape);
    elements += map.size;
    scratchWords = Math.max(scratchWords, planner.scratchWords(kernels, plan, operation, element) >>> 0);
  });
  return { jobs, elements, scratchBytes: scratchWords * WORD_BYTES };
}
