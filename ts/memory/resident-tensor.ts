import { PyramidPoolError } from '../core/errors.js';
import { onCollected } from '../core/finalization.js';
import {
  bytesOf,
  countElements,
  type DataOf,
  type DataType,
  publicArray,
  type TypedTensor,
} from '../core/tensor.js';
import { Unproxied, unproxied } from '../core/unproxied.js';
import type { TensorHandle } from './handle.js';
import type { RegistryEntry } from './tensor-registry.js';
import type { WasmMemory } from './wasm-memory.js';

/** The memory of a resident tensor, which outlives the tensor while calls under way use it. */
export class TensorBlock {
  #users = 1;
  /** Set once other threads may hold it too. */
  #entry: RegistryEntry | undefined;

  constructor(
    readonly memory: WasmMemory,
    readonly address: number,
    readonly bytes: number,
    readonly type: DataType,
    entry?: RegistryEntry,
  ) {
    this.#entry = entry;
  }

  /** Room for a tensor. */
  static make(memory: WasmMemory, dims: readonly number[], type: DataType): TensorBlock {
    const bytes = countElements(dims) * bytesOf(type);
    return new TensorBlock(memory, memory.alloc(bytes, `a tensor of [${dims.join(', ')}]`), bytes, type);
  }

  /** Its entry in the table of what is shared. */
  share(): RegistryEntry {
    this.#entry ??= this.memory.shared.share(this.address, this.bytes);
    return this.#entry;
  }

  borrow(): this {
    this.#users++;
    return this;
  }

  /** The last user frees it. */
  free(): void {
    if (--this.#users > 0) return;
    if (this.#entry) this.memory.shared.release(this.#entry);
    else this.memory.free(this.address, this.bytes);
  }
}

/** Gives back the memory of tensors that are garbage collected without `dispose`. */
const collectedTensors = /* @__PURE__ */ onCollected<TensorBlock>((block) => block.free());

/**
 * A tensor that lives in a runtime's WASM memory: as an input it is read in place, as `out` it is written in place.
 *
 * `data` is a view made anew whenever memory has grown, so ask for it each time and do not keep it. Call `dispose` when
 * you are done; a tensor that is garbage collected without it is freed some time afterwards.
 */
export class ResidentTensor<T extends DataType = DataType>
  extends Unproxied
  implements TypedTensor<T>, Disposable
{
  readonly size: number;
  #block: TensorBlock | undefined;
  #view: DataOf[T] | undefined;

  /** Made by `runtime.tensor` and `runtime.adopt`. */
  constructor(
    block: TensorBlock,
    readonly dims: readonly number[],
    readonly type: T,
  ) {
    super();
    this.size = countElements(dims);
    this.#block = block;
    collectedTensors?.register(this, block, this);
  }

  /** The elements, in WASM memory. */
  get data(): DataOf[T] {
    const tensor = unproxied(this);
    const { memory, address } = tensor.#live();
    if (tensor.#view?.buffer !== memory.buffer) {
      tensor.#view = publicArray(tensor.type, memory.view(tensor.type, address, tensor.size));
    }
    return tensor.#view as DataOf[T];
  }

  /**
   * A message for other threads, to be sent by `postMessage`: there `runtime.adopt` makes it a tensor over the same
   * memory. That memory is freed when all tensors over it are disposed, so dispose this one after the other was made.
   *
   * Throws `not-shared` where the runtime's memory cannot be shared.
   */
  handle(): TensorHandle<T> {
    const block = unproxied(this).#live();
    const { slot, generation } = block.share();
    const { id } = block.memory.shared.registry;
    const { dims, type } = this;
    // Frozen, so that no library wraps it in a proxy, which cannot be sent.
    return Object.freeze({ kind: 'pyramid-pool tensor', id, slot, generation, dims, type });
  }

  /** Lets go of the memory, which is freed when nobody else holds it. */
  dispose(): void {
    const tensor = unproxied(this);
    if (!tensor.#block) return;
    collectedTensors?.unregister(tensor);
    tensor.#block.free();
    tensor.#block = tensor.#view = undefined;
  }

  /** The same as `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  get [Symbol.toStringTag](): string {
    return 'ResidentTensor';
  }

  /**
   * The memory of a tensor that lives in `memory`, to be freed once more; undefined for any other tensor, and for one
   * whose memory is not what its properties make believe.
   */
  static borrow(memory: WasmMemory, value: unknown, type: DataType, length: number): TensorBlock | undefined {
    const tensor = unproxied(value);
    if (typeof tensor !== 'object' || tensor === null || !(#block in tensor)) return undefined;
    const block = tensor.#live();
    const fits = block.memory === memory && block.type === type && block.bytes === length * bytesOf(type);
    return fits ? block.borrow() : undefined;
  }

  #live(): TensorBlock {
    if (!this.#block) throw new PyramidPoolError('disposed', 'this tensor was disposed');
    return this.#block;
  }
}
