import type { RuntimeHandle } from '../memory/handle.js';
import { checkRuntimeHandle, joinTable } from '../memory/handles.js';
import { WasmMemory } from '../memory/wasm-memory.js';
import { instantiateOver } from './instantiate.js';
import { Runtime } from './runtime.js';

/**
 * Makes a runtime over the memory of another thread's runtime, from `runtime.handle()`. It computes on the thread that it is
 * attached in, and has pools and tensors of its own. `dispose` it when you are done.
 *
 * The memory is freed when all runtimes over it are disposed, in any order.
 *
 * @param handle what `runtime.handle()` gave, as it came in a message
 * @example
 * ```js
 * import { attachRuntime, createRuntime } from 'pyramid-pool';
 *
 * const runtime = await createRuntime({ variant: 'simd-threads' });
 * const map = runtime.tensor([1, 256, 13, 13]);
 * // In another thread, which got the two handles in a message:
 * const attached = await attachRuntime(runtime.handle());
 * const same = attached.adopt(map.handle());
 * same.data.fill(7);
 * console.log(map.data[0]); // 7
 * attached.dispose();
 * runtime.dispose();
 * ```
 * @throws `PyramidPoolError` with the code `invalid-handle` for what is no handle, `disposed` if all runtimes over the memory were disposed
 */
export async function attachRuntime(handle: RuntimeHandle): Promise<Runtime> {
  const { memory: wasmMemory, module, table, id } = checkRuntimeHandle(handle);
  const memory = new WasmMemory(wasmMemory);
  // First, so that nothing is written to memory that is not what the handle says, or whose runtimes are all disposed.
  joinTable(memory, table, id);
  try {
    memory.kernels = await instantiateOver(module, wasmMemory);
  } catch (error) {
    memory.shared.leave();
    throw error;
  }
  const choice = {
    variant: 'simd-threads',
    threads: 1,
    fallback: 'an attached runtime computes on the thread that it was attached in',
  } as const;
  return new Runtime(memory, module, choice, 'attached');
}
