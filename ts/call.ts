import { Buffers } from './buffers.js';
import type { Work } from './dispatch.js';
import { PyramidPoolError } from './errors.js';
import type { WasmMemory } from './memory.js';
import { type Internals, Runtime } from './runtime.js';

/** A call that has its memory: what is to be done, and what it gives once that is done. */
export interface Prepared<R> {
  readonly work: Work;
  finish(): R;
}

/** A prepared call: run its work, take what it finished, and free it in any case. */
export interface Call<R> extends Prepared<R> {
  /** Whether a dying worker may still write to the call's memory, which is then never used again. */
  abandoned: boolean;
  free(): void;
}

/** Gets a call all it needs, which `prepare` takes from the buffers. Frees it if anything fails. */
export function makeCall<R>(memory: WasmMemory, prepare: (buffers: Buffers) => Prepared<R>): Call<R> {
  const buffers = new Buffers(memory);
  try {
    const { work, finish } = prepare(buffers);
    return {
      work,
      finish,
      abandoned: false,
      free() {
        if (!this.abandoned) buffers.free();
      },
    };
  } catch (error) {
    buffers.free();
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
      this.internals.dispatcher.run(call.work);
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
      await this.internals.dispatcher.runAsync(call.work);
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
