import { PyramidPoolError } from '../core/errors.js';
import { CallMemory } from '../memory/call-memory.js';
import type { JobList } from '../memory/job.js';
import type { WasmMemory } from '../memory/wasm-memory.js';
import { type Internals, Runtime } from '../runtime/runtime.js';

/** A call that has its memory: what is to be done, and what it gives once that is done. */
export interface Prepared<R> {
  readonly jobList: JobList;
  finish(): R;
}

/** A prepared call: run its jobs, take what it finished, and free it in any case. */
export interface Call<R> extends Prepared<R> {
  /** Whether a dying worker may still write to the call's memory, which is then never used again. */
  abandoned: boolean;
  free(): void;
}

/** Gets a call all it needs, which `prepare` takes from the callMemory. Frees it if anything fails. */
export function makeCall<R>(memory: WasmMemory, prepare: (callMemory: CallMemory) => Prepared<R>): Call<R> {
  const callMemory = new CallMemory(memory);
  try {
    const { jobList, finish } = prepare(callMemory);
    return {
      jobList,
      finish,
      abandoned: false,
      free() {
        if (!this.abandoned) callMemory.free();
      },
    };
  } catch (error) {
    callMemory.free();
    throw error;
  }
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
    try {
      this.internals.dispatcher.run(call.jobList);
      return call.finish();
    } catch (error) {
      call.abandoned = isLost(error);
      throw error;
    } finally {
      call.free();
    }
  }

  async runAsync<R>(call: Call<R>): Promise<R> {
    try {
      await this.internals.dispatcher.runAsync(call.jobList);
      return call.finish();
    } catch (error) {
      call.abandoned = isLost(error);
      throw error;
    } finally {
      call.free();
    }
  }
}

/** Whether a call ended while workers may still be writing to its memory. */
function isLost(error: unknown): boolean {
  return error instanceof PyramidPoolError && error.code === 'worker-failed';
}
