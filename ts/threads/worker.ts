/** A worker of the pool: makes its own instance over the shared memory and serves until it is told to stop. */
import { createGlue } from '#wasm/simd-threads-glue';
import { Control } from './control.js';
import { STACK_BYTES } from './stack.js';

/** What a worker is started with. */
export interface Membership {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the control words. */
  readonly control: number;
  /** The worker's number, from 0 up. */
  readonly worker: number;
}

export function serve({ module, memory, control, worker }: Membership): void {
  const kernels = createGlue().initSync({ module, memory, thread_stack_size: STACK_BYTES });
  new Control(memory, control).serve(kernels, worker);
  // Others may go on over the memory: what the worker had there is theirs.
  kernels.__wbindgen_thread_destroy?.();
  // Of itself a worker of a browser only ends when it is told to.
  (globalThis as { close?: () => void }).close?.();
}
