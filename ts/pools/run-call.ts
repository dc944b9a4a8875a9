import type { FeatureMapShape } from '../arguments/feature-map.js';
import { hasCode } from '../core/errors.js';
import { isSharedBuffer } from '../core/realm.js';
import { CallMemory } from '../memory/call-memory.js';
import type { JobList } from '../memory/job.js';
import type { KeptBlock } from '../memory/kept-block.js';
import type { Operand } from '../memory/operand.js';
import type { Plan } from '../plans/plan.js';
import type { Internals } from '../runtime/runtime.js';
import { type Call, describeJobs, resultOf } from './call.js';
import { checkIndices } from './indices.js';
import { Pool } from './pool.js';

/** Those that compute so little that copying plain arrays takes longer than threads could save. */
const lightOperations: readonly Call['operation'][] = ['forward', 'forwardWithIndices', 'backward'];

/** Runs a call and returns when it is done. */
export function run<R>(call: Call): R {
  const internals = Pool.internals(call.pool);
  const unshared = findUnshared(call, internals);
  if (!unshared) return runIn<R>(call, internals);
  try {
    return runIn<R>(call, unshared);
  } catch (error) {
    if (!hasCode(error, 'out-of-memory')) throw error;
    return runIn<R>(call, internals);
  }
}

/** Copies the inputs at once where memory allows, and else when calls before this one are done. */
export async function runAsync<R>(call: Call): Promise<R> {
  const internals = Pool.internals(call.pool);
  const { admission, dispatcher } = internals;
  const callMemory = open(call, internals);
  try {
    const { jobList, bytes } = await admission.enter(() => prepareOrClear(call, callMemory));
    try {
      await dispatcher.runAsync(jobList);
      return resultOf(call, callMemory) as R;
    } catch (error) {
      throw abandonIfLost(callMemory, error);
    } finally {
      callMemory.free();
      admission.leave(bytes);
    }
  } finally {
    callMemory.free();
  }
}

/** Runs in one of the memories of its runtime. */
function runIn<R>(call: Call, internals: Internals): R {
  const callMemory = open(call, internals, internals.keptBlock);
  try {
    internals.dispatcher.run(prepare(call, internals, callMemory));
    return resultOf(call, callMemory) as R;
  } catch (error) {
    throw abandonIfLost(callMemory, error);
  } finally {
    callMemory.free();
  }
}

/** Where it is faster than in the runtime's shared memory: if it is light, and all its tensors are copied there and back. */
function findUnshared({ operation, operands }: Call, { memory, unshared }: Internals): Internals | undefined {
  if (!unshared || memory.closed || !lightOperations.includes(operation)) return undefined;
  let bytes = 0;
  // A plain loop: every call comes by here.
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i] as Operand;
    if (!operand.tensor) continue;
    // Tensors in WASM memory are used in place, and views of shared memory may be of the same.
    if (isSharedBuffer(operand.tensor.buffer)) return undefined;
    bytes += operand.bytes;
  }
  return unshared.for(bytes);
}

function open({ rois, operands }: Call, { memory }: Internals, keptBlock?: KeptBlock): CallMemory {
  memory.sharing?.seeGrowth();
  return new CallMemory(memory, rois ? [rois, ...operands] : operands, keptBlock);
}

/** Plans the call, takes the memory that it needs, and copies its inputs there. */
function prepare(call: Call, internals: Internals, callMemory: CallMemory): JobList {
  const { planner, batch, rois, operands } = call;
  if (rois) callMemory.place([rois]);
  const plans: Plan[] = [];
  // A plain loop: every call comes by here.
  for (let i = 0; i < batch.shapes.length; i++) {
    plans.push(planner.plan(internals, batch.shapes[i] as FeatureMapShape, callMemory, rois));
  }
  callMemory.place(operands);
  checkIndices(call, internals.memory);
  return describeJobs(call, plans);
}

function prepareOrClear(call: Call, callMemory: CallMemory): { jobList: JobList; bytes: number } {
  try {
    // The pool may have been disposed meanwhile.
    const jobList = prepare(call, Pool.internals(call.pool), callMemory);
    return { jobList, bytes: callMemory.bytes };
  } catch (error) {
    callMemory.clear();
    throw error;
  }
}

/** Where a call ends while workers may still be writing to its memory, that is never used again. */
function abandonIfLost(callMemory: CallMemory, error: unknown): unknown {
  if (hasCode(error, 'worker-failed')) callMemory.abandon();
  return error;
}
