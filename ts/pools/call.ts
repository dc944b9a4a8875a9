import { hasCode } from '../core/errors.js';
import { isSharedBuffer } from '../core/realm.js';
import { CallMemory } from '../memory/call-memory.js';
import type { JobList } from '../memory/job.js';
import type { Operand } from '../memory/operand.js';
import type { Internals } from '../runtime/runtime.js';
import { type CallParts, describeJobs, operandsOf } from './call-parts.js';
import { checkIndices } from './indices.js';
import { Pool } from './pool.js';

/** Those that compute so little that copying plain arrays takes longer than threads could save. */
const lightOperations: readonly CallParts['operation'][] = ['forward', 'forwardWithIndices', 'backward'];

/** A call of a pool, whose arguments were checked. */
export class Call<R> {
  readonly #pool: Pool;
  readonly #parts: CallParts;
  /** All but the regions. */
  readonly #operands: readonly Operand[];
  readonly #result: (callMemory: CallMemory) => R;

  /** `result` makes of the results what the caller gets. */
  constructor(pool: Pool, parts: CallParts, result: (callMemory: CallMemory) => R) {
    this.#pool = pool;
    this.#parts = parts;
    this.#operands = operandsOf(parts);
    this.#result = result;
  }

  run(): R {
    const internals = Pool.internals(this.#pool);
    const unshared = this.#findUnshared(internals);
    if (!unshared) return this.#runIn(internals);
    try {
      return this.#runIn(unshared);
    } catch (error) {
      if (!hasCode(error, 'out-of-memory')) throw error;
      return this.#runIn(internals);
    }
  }

  /** Copies the inputs at once where memory allows, and else when calls before this one are done. */
  async runAsync(): Promise<R> {
    const internals = Pool.internals(this.#pool);
    const { admission, dispatcher } = internals;
    const callMemory = this.#open(internals);
    try {
      const { jobList, bytes } = await admission.enter(() => this.#prepareOrClear(callMemory));
      try {
        await dispatcher.runAsync(jobList);
        return this.#result(callMemory);
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
  #runIn(internals: Internals): R {
    const callMemory = this.#open(internals);
    try {
      internals.dispatcher.run(this.#prepare(internals, callMemory));
      return this.#result(callMemory);
    } catch (error) {
      throw abandonIfLost(callMemory, error);
    } finally {
      callMemory.free();
    }
  }

  /** Where it is faster than in the runtime's shared memory: if it is light, and all its tensors are copied there and back. */
  #findUnshared({ memory, unshared }: Internals): Internals | undefined {
    if (!unshared || memory.closed || !lightOperations.includes(this.#parts.operation)) return undefined;
    let bytes = 0;
    // A plain loop: every call comes by here.
    for (let i = 0; i < this.#operands.length; i++) {
      const operand = this.#operands[i] as Operand;
      if (!operand.tensor) continue;
      // Tensors in WASM memory are used in place, and views of shared memory may be of the same.
      if (isSharedBuffer(operand.tensor.buffer)) return undefined;
      bytes += operand.bytes;
    }
    return unshared.for(bytes);
  }

  #open({ memory }: Internals): CallMemory {
    memory.sharing?.seeGrowth();
    const { rois } = this.#parts;
    return new CallMemory(memory, rois ? [rois, ...this.#operands] : this.#operands);
  }

  /** Plans the call, takes the memory that it needs, and copies its inputs there. */
  #prepare(internals: Internals, callMemory: CallMemory): JobList {
    const { planner, batch, rois } = this.#parts;
    if (rois) callMemory.place([rois]);
    const plans = batch.shapes.map((shape) => planner.plan(internals, shape, callMemory, rois));
    callMemory.place(this.#operands);
    checkIndices(this.#parts, internals.memory);
    return describeJobs(this.#parts, plans, internals.memory.kernels);
  }

  #prepareOrClear(callMemory: CallMemory): { jobList: JobList; bytes: number } {
    try {
      // The pool may have been disposed meanwhile.
      const jobList = this.#prepare(Pool.internals(this.#pool), callMemory);
      return { jobList, bytes: callMemory.bytes };
    } catch (error) {
      callMemory.clear();
      throw error;
    }
  }
}

/** Where a call ends while workers may still be writing to its memory, that is never used again. */
function abandonIfLost(callMemory: CallMemory, error: unknown): unknown {
  if (hasCode(error, 'worker-failed')) callMemory.abandon();
  return error;
}
