import { PyramidPoolError } from './errors.js';
import type { WasmMemory } from './memory.js';
import { bytesOf, countElements, type DataOf, type DataType, publicArray, type Tensor } from './tensor.js';

/** The memory of a resident tensor, which outlives the tensor while calls under way use it. */
export class TensorBlock {
  readonly address: number;
  readonly bytes: number;
  #users = 1;

  constructor(
    readonly memory: WasmMemory,
    dims: readonly number[],
    readonly type: DataType,
  ) {
    this.bytes = countElements(dims) * bytesOf(type);
    this.address = memory.alloc(this.bytes, `a tensor of [${dims.join(', ')}]`);
  }

  borrow(): this {
    this.#users++;
    return this;
  }

  /** The last user frees it. */
  free(): void {
    if (--this.#users === 0) this.memory.free(this.address, this.bytes);
  }
}

/** Gives back the memory of tensors that were dropped without `dispose`. */
const dropped = /* @__PURE__ */ new FinalizationRegistry<TensorBlock>((block) => block.free());

/**
 * A tensor that lives in a runtime's WASM memory: as an input it is read in place, as `out` it is written in place.
 *
 * `data` is a view made anew whenever memory has grown, so ask for it each time and do not keep it. Call `dispose` when
 * you are done; a tensor that is dropped without it is freed some time after it was garbage collected.
 */
export class ResidentTensor<T extends DataType = DataType> implements Tensor<T>, Disposable {
  readonly size: number;
  #block: TensorBlock | undefined;
  #view: DataOf[T] | undefined;

  /** Made by `runtime.tensor`. */
  constructor(
    memory: WasmMemory,
    readonly dims: readonly number[],
    readonly type: T,
  ) {
    this.size = countElements(dims);
    this.#block = new TensorBlock(memory, dims, type);
    dropped.register(this, this.#block, this);
    this.data.fill(0);
  }

  /** The elements, in WASM memory. */
  get data(): DataOf[T] {
    const { memory, address } = this.#live();
    if (this.#view?.buffer !== memory.buffer) {
      this.#view = publicArray(this.type, memory.view(this.type, address, this.size));
    }
    return this.#view as DataOf[T];
  }

  dispose(): void {
    if (!this.#block) return;
    dropped.unregister(this);
    this.#block.free();
    this.#block = this.#view = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * The memory of a tensor that lives in `memory`, to be freed once more; undefined for any other tensor, and for one
   * whose memory is not what its properties make believe.
   */
  static borrow(
    memory: WasmMemory,
    tensor: unknown,
    type: DataType,
    length: number,
  ): TensorBlock | undefined {
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
