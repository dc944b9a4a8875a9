import { type CheckedTensor, checkLength, rawArray } from '../arguments/tensors.js';
import { PyramidPoolError } from '../core/errors.js';
import { type DataType, makeTensor, type RawArray, type TypedTensor } from '../core/tensor.js';
import type { Operand } from './operand.js';
import { overlap, type Range } from './range.js';
import { ResidentTensor } from './resident-tensor.js';
import type { WasmMemory } from './wasm-memory.js';

interface Block {
  readonly address: number;
  readonly bytes: number;
}

/** The WASM memory of one call: tensors that live there are used in place, others copied in and out. */
export class CallMemory {
  readonly #memory: WasmMemory;
  /** The buffer of the memory when the tensors were checked. It stands for the memory in ranges, even after growth. */
  readonly #before: ArrayBufferLike;
  readonly #operands: readonly Operand[];
  #blocks: Block[] = [];
  #later: (() => void)[] = [];

  /** Holds the tensors that live in the memory until the call is over, whoever disposes them. Inputs stand before results. */
  constructor(memory: WasmMemory, operands: readonly Operand[]) {
    this.#memory = memory;
    this.#before = memory.buffer;
    this.#operands = operands;
    try {
      for (const operand of operands) {
        const { tensor, type, size } = operand;
        if (tensor) operand.resident = ResidentTensor.borrow(memory, tensor.value, type, size);
      }
      this.#checkOverlaps();
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** Bytes that were allocated for the call. */
  get bytes(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Gives an operand its address, and copies an input there. */
  place(operand: Operand): void {
    const { resident, isResult, type, size, dims, bytes, tensor } = operand;
    if (resident) {
      operand.address = resident.address;
      return;
    }
    const what = isResult ? `a result of [${dims.join(', ')}]` : 'the copy of an input';
    operand.address = this.alloc(bytes, what);
    if (!isResult && tensor) this.#memory.view(type, operand.address, size).set(this.#arrayOf(tensor));
  }

  /** The tensor that the caller gets for a result. */
  tensorOf<T extends DataType>({ type, dims, size, address, tensor, resident }: Operand<T>): TypedTensor<T> {
    const elements = () => this.#memory.view(type, address, size);
    if (!tensor) return makeTensor(type, elements().slice(), dims);
    if (!resident) this.#arrayOf(tensor).set(elements());
    return tensor.value as TypedTensor<T>;
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
  }

  free(): void {
    this.clear();
    for (const operand of this.#operands) {
      operand.resident?.free();
      operand.resident = undefined;
    }
  }

  /** Has nothing freed, ever: workers may still be writing to it. */
  abandon(): void {
    this.#blocks = [];
    this.#later = [];
    for (const operand of this.#operands) operand.resident = undefined;
  }

  /** Address of `bytes` bytes that belong to the call. */
  alloc(bytes: number, what: string): number {
    const address = this.#memory.alloc(bytes, what);
    this.#blocks.push({ address, bytes });
    return address;
  }

  /**
   * A tensor's array, which was checked before but may be detached or shorter by now. A view of WASM memory is cut off
   * when memory grows, and made anew here.
   */
  #arrayOf(tensor: CheckedTensor): RawArray {
    const { type, size, buffer, byteOffset } = tensor;
    const moved = buffer === this.#before && buffer !== this.#memory.buffer;
    if (moved) return this.#memory.view(type, byteOffset, size);
    checkLength(tensor);
    return rawArray(tensor);
  }

  /** Fails unless every result lies apart from all tensors before it, wherever they lie. */
  #checkOverlaps(): void {
    const ranges: Range[] = [];
    for (const { tensor, resident, bytes, isResult } of this.#operands) {
      if (!tensor) continue;
      const range = resident
        ? { buffer: this.#before, start: resident.address, bytes }
        : { buffer: tensor.buffer, start: tensor.byteOffset, bytes };
      if (isResult && ranges.some((other) => overlap(range, other))) {
        throw new PyramidPoolError(
          'overlap',
          `${tensor.path} shares memory with another tensor of the call, but must lie apart`,
        );
      }
      ranges.push(range);
    }
  }
}
