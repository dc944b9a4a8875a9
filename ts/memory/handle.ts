import type { WebAssemblyMemory, WebAssemblyModule } from '../core/host-types.js';
import type { DataType } from '../core/tensor.js';

/** A runtime as a message: made by `runtime.handle()`, and joined by `attachRuntime` in another thread. */
export interface RuntimeHandle {
  readonly kind: 'pyramid-pool runtime';
  readonly memory: WebAssemblyMemory;
  readonly module: WebAssemblyModule;
  /** Where in memory it is told what is shared. */
  readonly table: number;
  /** What tells this memory from others. */
  readonly id: string;
}

/** A tensor as a message: made by `tensor.handle()`, and made a tensor again by `runtime.adopt` in another thread. */
export interface TensorHandle<T extends DataType = DataType> {
  readonly kind: 'pyramid-pool tensor';
  /** The memory it lives in. */
  readonly id: string;
  readonly slot: number;
  readonly generation: number;
  readonly dims: readonly number[];
  readonly type: T;
}
