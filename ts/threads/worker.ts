/** A worker of the pool: makes its own instance over the shared memory and serves until it is told to stop. */
import { createGlue } from '#wasm/simd-threads-glue';
import type { WorkerInit } from '../platform/platform.js';
import { JobQueue } from './job-queue.js';
import { STACK_BYTES } from './stack.js';

export function serve({ module, memory, control, worker }: WorkerInit): void {
  const kernels = createGlue().initSync({ module, memory, thread_stack_size: STACK_BYTES });
  new JobQueue(memory, control).serve(kernels, worker);
  // Others may go on over the memory: what the worker had there is theirs.
  kernels.__wbindgen_thread_destroy?.();
  // Of itself a worker of a browser only ends when it is told to.
  (globalThis as { close?: () => void }).close?.();
}
