import type { TensorArgument } from '../arguments/tensor-argument.js';
import { PyramidPoolError } from '../core/errors.js';
import { CallMemory } from '../memory/call-memory.js';
import type { JobList } from '../memory/job.js';
import { type Internals, Runtime } from '../runtime/runtime.js';

/** What is to be done, and what it gives once that is done. */
export interface Prepared<R> {
  readonly jobList: JobList;
  finish(): R;
}

/** A call whose arguments were checked. */
export interface Call<R> {
  /** All tensors that it reads and writes. */
  readonly tensors: readonly (TensorArgument | undefined)[];
  /** Takes the memory that the call needs, and copies its inputs there. */
  prepare(internals: Internals, callMemory: CallMemory): Prepared<R>;
}

/** Runs the calls of one pool, until the pool is disposed. */
export class Caller {
  #disposed = false;

  constructor(readonly runtime: Runtime) {}

  /** What calls are made with. */
  get internals(): Internals {
    if (this.#disposed) throw new PyramidPoolError('disposed', 'this pool was disposed');
    return Runtime.internals(this.runtime);
  }

  dispose(): void {
    this.#disposed = true;
  }

  run<R>(call: Call<R>): R {
    const { internals } = this;
    const callMemory = open(internals, call);
    let lost = false;
    try {
      const { jobList, finish } = call.prepare(internals, callMemory);
      internals.dispatcher.run(jobList);
      return finish();
    } catch (error) {
      lost = isLost(error);
      throw error;
    } finally {
      if (!lost) callMemory.free();
    }
  }

  /** Copies the inputs at once where memory allows, and else when calls before this one are done. */
  async runAsync<R>(call: Call<R>): Promise<R> {
    const { internals } = this;
    const { admission, dispatcher } = internals;
    const callMemory = open(internals, call);
    let lost = false;
    try {
      const prepare = () => {
        // The pool may have been disposed meanwhile.
        const { jobList, finish } = prepareOrClear(call, this.internals, callMemory);
        return { jobList, finish, bytes: callMemory.bytes };
      };
      const { jobList, finish, bytes } = await admission.enter(prepare);
      try {
        await dispatcher.runAsync(jobList);
        return finish();
      } catch (error) {
        lost = isLost(error);
        throw error;
      } finally {
        if (!lost) callMemory.free();
        admission.leave(bytes);
      }
    } finally {
      if (!lost) callMemory.free();
    }
  }
}

function open({ memory }: Internals, { tensors }: Call<unknown>): CallMemory {
  memory.seeGrowth();
  return new CallMemory(memory, tensors);
}

function prepareOrClear<R>(call: Call<R>, internals: Internals, callMemory: CallMemory): Prepared<R> {
  try {
    return call.prepare(internals, callMemory);
  } catch (error) {
    callMemory.clear();
    throw error;
  }
}

/** Whether a call ended while workers may still be writing to its memory, which is then never used again. */
function isLost(error: unknown): boolean {
  return error instanceof PyramidPoolError && error.code === 'worker-failed';
}
