import { type CheckedTensor, checkLength, rawArray } from '../arguments/checks.js';
import type { TensorArgument } from '../arguments/tensor-argument.js';
import { PyramidPoolError } from '../core/errors.js';
import {
  bytesOf,
  countElements,
  type DataType,
  makeTensor,
  type RawArray,
  type Tensor,
} from '../core/tensor.js';
import { ResidentTensor } from './resident-tensor.js';
import type { WasmMemory } from './wasm-memory.js';

interface Block {
  readonly address: number;
  readonly bytes: number;
  free(): void;
}

/** A place in WASM memory where a call writes a result, and the way to the tensor the caller gets. */
export interface Result<T extends DataType> {
  readonly address: number;
  toTensor(): Tensor<T>;
}

/** The WASM memory of one call: tensors that live there are used in place, others copied in and out. */
export class CallMemory {
  readonly #memory: WasmMemory;
  /** The buffer of the memory before the call has allocated anything. */
  readonly #before: ArrayBufferLike;
  readonly #blocks: Block[] = [];
  readonly #later: (() => void)[] = [];

  constructor(memory: WasmMemory) {
    this.#memory = memory;
    this.#before = memory.buffer;
  }

  /** Address of a tensor's elements. */
  read({ tensor, value, path }: TensorArgument): number {
    const { type } = tensor;
    const length = countElements(tensor.dims);
    const resident = ResidentTensor.borrow(this.#memory, value, type, length);
    if (resident) return this.#keep(resident).address;
    const { address } = this.#alloc(length * bytesOf(type), 'the copy of an input');
    this.#memory.view(type, address, length).set(this.#arrayOf(tensor, path));
    return address;
  }

  /** Room for a result of `dims`, which goes to `out` where the caller gave one. */
  write<T extends DataType>(type: T, dims: readonly number[], out: TensorArgument<T> | undefined): Result<T> {
    const length = countElements(dims);
    const resident = out && ResidentTensor.borrow(this.#memory, out.value, type, length);
    if (resident) {
      return { address: this.#keep(resident, out.path).address, toTensor: () => out.value as Tensor<T> };
    }
    const { address } = this.#alloc(length * bytesOf(type), `a result of [${dims.join(', ')}]`);
    const view = () => this.#memory.view(type, address, length);
    if (!out) return { address, toTensor: () => makeTensor(type, view().slice(), dims) };
    return {
      address,
      toTensor: () => {
        this.#arrayOf(out.tensor, out.path).set(view());
        return out.value as Tensor<T>;
      },
    };
  }

  /** Has something freed together with the call's memory. */
  onFree(free: () => void): void {
    this.#later.push(free);
  }

  free(): void {
    for (const block of this.#blocks) block.free();
    for (const free of this.#later) free();
  }

  /** Address of `bytes` bytes that belong to the call. */
  scratch(bytes: number, what: string): number {
    return this.#alloc(bytes, what).address;
  }

  /**
   * A tensor's array, which was checked before but may be detached or shorter by now. A view of WASM memory is cut off
   * when memory grows, and made anew here.
   */
  #arrayOf({ type, data, dims, buffer, byteOffset }: CheckedTensor, path: string): RawArray {
    const length = countElements(dims);
    const moved = buffer === this.#before && buffer !== this.#memory.buffer;
    if (moved) return this.#memory.view(type, byteOffset, length);
    checkLength(data, length, path, dims);
    return rawArray(type, data);
  }

  #alloc(bytes: number, what: string): Block {
    const address = this.#memory.alloc(bytes, what);
    return this.#keep({ address, bytes, free: () => this.#memory.free(address, bytes) });
  }

  /** Keeps a block until the call is over. One that is written (`path`) must lie apart from all others. */
  #keep(block: Block, path?: string): Block {
    const apart = (other: Block) =>
      block.address + block.bytes <= other.address || other.address + other.bytes <= block.address;
    const overlaps = path !== undefined && !this.#blocks.every(apart);
    this.#blocks.push(block);
    if (overlaps) {
      throw new PyramidPoolError(
        'overlap',
        `${path} shares memory with another tensor of the call, but must lie apart`,
      );
    }
    return block;
  }
}
