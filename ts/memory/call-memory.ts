import { type CheckedTensor, checkLength, rawArray } from '../arguments/checks.js';
import type { TensorArgument } from '../arguments/tensor-argument.js';
import { PyramidPoolError } from '../core/errors.js';
import {
  bytesOf,
  countElements,
  type DataType,
  makeTensor,
  type RawArray,
  type TypedTensor,
} from '../core/tensor.js';
import { overlap, type Range } from './range.js';
import { ResidentTensor, type TensorBlock } from './resident-tensor.js';
import type { WasmMemory } from './wasm-memory.js';

interface Block {
  readonly address: number;
  readonly bytes: number;
}

/** A place in WASM memory where a call writes a result, and the way to the tensor the caller gets. */
export interface Result<T extends DataType> {
  readonly address: number;
  toTensor(): TypedTensor<T>;
}

/** The WASM memory of one call: tensors that live there are used in place, others copied in and out. */
export class CallMemory {
  readonly #memory: WasmMemory;
  /** The buffer of the memory when the tensors were checked. It stands for the memory in ranges, even after growth. */
  readonly #before: ArrayBufferLike;
  /** The tensors that live in this memory. They are held until the call is over, whoever disposes them. */
  readonly #residents = new Map<TensorArgument, TensorBlock>();
  #blocks: Block[] = [];
  #later: (() => void)[] = [];
  #ranges: Range[] = [];

  /** `tensors` are all that the call reads and writes. */
  constructor(memory: WasmMemory, tensors: readonly (TensorArgument | undefined)[] = []) {
    this.#memory = memory;
    this.#before = memory.buffer;
    try {
      for (const argument of tensors) if (argument) this.#hold(argument);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** Bytes that were allocated for the call. */
  get bytes(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Address of a tensor's elements. */
  read(argument: TensorArgument): number {
    const { tensor, path } = argument;
    const { type } = tensor;
    const length = countElements(tensor.dims);
    const resident = this.#residents.get(argument);
    this.#ranges.push(this.#rangeOf(argument, resident));
    if (resident) return resident.address;
    const { address } = this.#alloc(length * bytesOf(type), 'the copy of an input');
    this.#memory.view(type, address, length).set(this.#arrayOf(tensor, path));
    return address;
  }

  /** Room for a result of `dims`, which goes to `out` where the caller gave one. */
  write<T extends DataType>(type: T, dims: readonly number[], out: TensorArgument<T> | undefined): Result<T> {
    const length = countElements(dims);
    const resident = out && this.#residents.get(out);
    if (out) this.#keepApart(this.#rangeOf(out, resident), out.path);
    if (resident) return { address: resident.address, toTensor: () => out?.value as TypedTensor<T> };
    const { address } = this.#alloc(length * bytesOf(type), `a result of [${dims.join(', ')}]`);
    const view = () => this.#memory.view(type, address, length);
    if (!out) return { address, toTensor: () => makeTensor(type, view().slice(), dims) };
    return {
      address,
      toTensor: () => {
        this.#arrayOf(out.tensor, out.path).set(view());
        return out.value as TypedTensor<T>;
      },
    };
  }

  /** Has something freed together with the call's memory. */
  onFree(free: () => void): void {
    this.#later.push(free);
  }

  /** Gives back all but the tensors that live in the memory, so that the call can be prepared anew. */
  clear(): void {
    for (const { address, bytes } of this.#blocks) this.#memory.free(address, bytes);
    for (const free of this.#later) free();
    this.#blocks = [];
    this.#later = [];
    this.#ranges = [];
  }

  free(): void {
    this.clear();
    for (const block of this.#residents.values()) block.free();
    this.#residents.clear();
  }

  /** Address of `bytes` bytes that belong to the call. */
  scratch(bytes: number, what: string): number {
    return this.#alloc(bytes, what).address;
  }

  #hold(argument: TensorArgument): void {
    const { tensor, value } = argument;
    const block = ResidentTensor.borrow(this.#memory, value, tensor.type, countElements(tensor.dims));
    if (block) this.#residents.set(argument, block);
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
    const block = { address: this.#memory.alloc(bytes, what), bytes };
    this.#blocks.push(block);
    return block;
  }

  #rangeOf({ tensor }: TensorArgument, resident: TensorBlock | undefined): Range {
    if (resident) return { buffer: this.#before, start: resident.address, bytes: resident.bytes };
    const bytes = countElements(tensor.dims) * bytesOf(tensor.type);
    return { buffer: tensor.buffer, start: tensor.byteOffset, bytes };
  }

  /** Fails unless a result lies apart from all tensors before it, wherever they lie. */
  #keepApart(range: Range, path: string): void {
    const overlaps = this.#ranges.some((other) => overlap(range, other));
    this.#ranges.push(range);
    if (overlaps) {
      throw new PyramidPoolError(
        'overlap',
        `${path} shares memory with another tensor of the call, but must lie apart`,
      );
    }
  }
}
