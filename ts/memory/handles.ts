import { checkDims, checkOneOf, describeValue, fail } from '../arguments/checks.js';
import { PyramidPoolError } from '../core/errors.js';
import type { WebAssemblyModule } from '../core/host-types.js';
import { isSharedMemory, isWebAssemblyModule } from '../core/realm.js';
import { bytesOf, countElements, type DataType, dataTypes } from '../core/tensor.js';
import type { RuntimeHandle, TensorHandle } from './handle.js';
import { ResidentTensor, TensorBlock } from './resident-tensor.js';
import type { WasmMemory } from './wasm-memory.js';

/** The handle of the runtime that has this memory. */
export function runtimeHandle(memory: WasmMemory, module: WebAssemblyModule): RuntimeHandle {
  const { address, id } = memory.shared.registry;
  // Frozen, so that no library wraps it in a proxy, which cannot be sent.
  return Object.freeze({
    kind: 'pyramid-pool runtime',
    memory: memory.memory,
    module,
    table: address,
    id,
  });
}

/** Reads a handle that came from somewhere: what it names need not be there. */
export function checkRuntimeHandle(handle: unknown): RuntimeHandle {
  const { kind, memory, module, table, id } = (handle ?? {}) as RuntimeHandle;
  if (kind !== 'pyramid-pool runtime') failHandle(handle, "a runtime's: what runtime.handle() gave");
  if (!isSharedMemory(memory) || !isWebAssemblyModule(module) || !isWord(table) || typeof id !== 'string')
    failHandle(handle, "a runtime's, with its memory and its module");
  return { kind, memory, module, table, id };
}

/** Joins the runtimes over a memory, which must be the one that a handle means. */
export function joinTable(memory: WasmMemory, address: number, id: string): void {
  if (!memory.join(address, id)) {
    throw new PyramidPoolError(
      'invalid-handle',
      'handle.memory is not the memory of the runtime that the handle names',
    );
  }
}

/** A tensor over the memory that a handle leads to. It holds that memory until it is disposed. */
export function adoptTensor<T extends DataType>(
  memory: WasmMemory,
  handle: TensorHandle<T>,
): ResidentTensor<T> {
  const { kind, id, slot, generation, dims, type } = (handle ?? {}) as TensorHandle<T>;
  if (kind !== 'pyramid-pool tensor') failHandle(handle, "a tensor's: what tensor.handle() gave");
  if (id !== memory.shared.registry.id) {
    throw new PyramidPoolError(
      'invalid-handle',
      'handle is that of a tensor in the memory of another runtime',
    );
  }
  if (!isWord(slot) || !isWord(generation)) failHandle(handle, "a tensor's, with its place");
  const sizes = Object.freeze(checkDims(dims, 'handle.dims'));
  const checkedType = checkOneOf(type, 'handle.type', Object.keys(dataTypes) as T[]);
  const entry = memory.shared.registry.hold(slot, generation);
  if (!entry) throw new PyramidPoolError('disposed', 'the tensor of this handle was disposed');
  if (entry.bytes !== countElements(sizes) * bytesOf(checkedType)) {
    memory.shared.release(entry);
    fail('invalid-handle', 'handle.dims', `is [${sizes.join(', ')}]`, `those of ${entry.bytes} bytes`);
  }
  const block = new TensorBlock(memory, entry.address, entry.bytes, checkedType, entry);
  return new ResidentTensor(block, sizes, checkedType);
}

function isWord(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;
}

function failHandle(handle: unknown, must: string): never {
  fail('invalid-handle', 'handle', `is ${describeValue(handle)}`, must);
}
