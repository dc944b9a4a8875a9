import type { Batch } from '../arguments/batch.js';
import { bytesOf, dataTypes, type MapType, WORD_BYTES } from '../core/tensor.js';
import type { CallMemory } from '../memory/call-memory.js';
import type { JobList } from '../memory/job.js';
import { operations } from '../memory/job.js';
import type { Plan, PlanOptions } from '../plans/plan-cache.js';
import type { Internals } from '../runtime/runtime.js';

/** Where the tensors of a call lie. */
export interface Addresses {
  /** Each map, or the gradient with respect to it. */
  readonly maps: readonly number[];
  /** The output, or the gradient with respect to it. */
  readonly output: number;
  /** 0 where the operation has none. */
  readonly indices: number;
}

/** Gets the plan of every map, for as long as the callMemory are kept. */
export function planMaps(
  { plans }: Internals,
  options: PlanOptions,
  { shapes }: Batch,
  callMemory: CallMemory,
): Plan[] {
  return shapes.map(({ channels, height, width }) => {
    const plan = plans.acquire(channels === 1 ? options.ofOneChannel : options, height, width);
    callMemory.onFree(() => plans.release(plan));
    return plan;
  });
}

/** A job for each map, whose rows of the output follow those of the maps before it. */
export function describeMapJobs(
  { memory }: Internals,
  operation: keyof typeof operations,
  type: MapType,
  { shapes, outputDims }: Batch,
  plans: readonly Plan[],
  { maps, output, indices }: Addresses,
): JobList {
  const row = outputDims.at(-1) as number;
  const { element } = dataTypes[type];
  let before = 0;
  let elements = 0;
  let scratchBytes = 0;
  const jobs = shapes.map(({ batch, channels, height, width }, i) => {
    const plan = plans[i] as Plan;
    const at = before * row;
    before += batch;
    elements += batch * channels * height * width;
    const words = memory.kernels.plan_scratch(plan.address, operations[operation], element) >>> 0;
    scratchBytes = Math.max(scratchBytes, words * WORD_BYTES);
    return {
      plan: plan.address,
      batch,
      channels,
      operation: operations[operation],
      input: maps[i] as number,
      output: output + at * bytesOf(type),
      indices: indices + at * WORD_BYTES,
      element,
    };
  });
  return { jobs, elements, scratchBytes };
}
