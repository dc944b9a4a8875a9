import type { TensorArgument } from '../arguments/tensor-argument.js';
import { PyramidPoolError } from '../core/errors.js';
import { isSharedBuffer } from '../core/realm.js';
import { bytesOf, countElements } from '../core/tensor.js';
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
  /** Whether it computes so little that copying plain arrays takes longer than threads could save. */
  readonly isLight?: boolean;
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
    const unshared = call.isLight ? findUnshared(internals, call) : undefined;
    if (!unshared) return runIn(internals, call);
    try {
      return runIn(unshared, call);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      return runIn(internals, call);
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

/** Where a call is faster than in the runtime's shared memory: if all its tensors are copied there and back. */
function findUnshared({ memory, unshared }: Internals, { tensors }: Call<unknown>): Internals | undefined {
  if (!unshared || memory.closed) return undefined;
  let bytes = 0;
  for (const argument of tensors) {
    if (!argument) continue;
    // Tensors in WASM memory are used in place, and views of shared memory may be of the same.
    const { type, dims, buffer } = argument.tensor;
    if (isSharedBuffer(buffer)) return undefined;
    bytes += countElements(dims) * bytesOf(type);
  }
  return unshared.for(bytes);
}

/** Runs a call in one of the memories of its runtime. */
function runIn<R>(internals: Internals, call: Call<R>): R {
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

function isOutOfMemory(error: unknown): boolean {
  return error instanceof PyramidPoolError && error.code === 'out-of-memory';
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
