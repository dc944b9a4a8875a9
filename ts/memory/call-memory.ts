import { type CheckedTensor, checkLength, rawArray } from '../arguments/tensors.js';
import { PyramidPoolError } from '../core/errors.js';
import { type DataType, dataTypes, makeTensor, type RawArray, type TypedTensor } from '../core/tensor.js';
import type { KeptBlock } from './kept-block.js';
import type { Operand } from './operand.js';
import { overlap, type Range } from './range.js';
import { ResidentTensor } from './resident-tensor.js';
import type { WasmMemory } from './wasm-memory.js';

/** What a call uses until it is over. */
interface Held {
  release(): void;
}

/** Bytes of a line of the cache. Tensors begin at one, so that threads do not share a line by accident. */
const LINE = 64;

/** Bytes that a tensor of so many bytes takes among others. At least one line, so that each has an address of its own. */
export function roomFor(bytes: number): number {
  return LINE * Math.floor(bytes / LINE + 1);
}

/** The WASM memory of one call: tensors that live there are used in place, others copied in and out. */
export class CallMemory {
  readonly #memory: WasmMemory;
  /** The buffer of the memory when the tensors were checked. It stands for the memory in ranges, even after growth. */
  readonly #before: ArrayBufferLike;
  readonly #operands: readonly Operand[];
  readonly #keptBlock: KeptBlock | undefined;
  #held: Held[] = [];
  /** Bytes that were allocated for the call. */
  bytes = 0;

  /**
   * Holds the tensors that live in the memory until the call is over, whoever disposes them. Inputs stand before results. Others are
   * copied to `keptBlock` where that is given and large enough.
   */
  constructor(memory: WasmMemory, operands: readonly Operand[], keptBlock?: KeptBlock) {
    this.#memory = memory;
    this.#before = memory.buffer;
    this.#operands = operands;
    this.#keptBlock = keptBlock;
    try {
      // Plain loops: every call comes by here.
      for (let i = 0; i < operands.length; i++) {
        const operand = operands[i] as Operand;
        const { tensor, type, size, isResult } = operand;
        if (!tensor) continue;
        operand.resident = ResidentTensor.borrow(memory, tensor.value, type, size);
        if (isResult) this.#checkApart(operand, i);
      }
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** Gives operands their addresses, and copies inputs there. Those that do not live in the memory share one block. */
  place(operands: readonly Operand[]): void {
    let bytes = 0;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i] as Operand;
      if (operand.resident) {
        operand.address = operand.resident.address;
        continue;
      }
      // From the beginning of the block, until there is one.
      operand.address = bytes;
      bytes += roomFor(operand.bytes);
    }
    if (bytes === 0) return;
    const block = this.#block(bytes);
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i] as Operand;
      const { resident, type, size, tensor, isResult } = operand;
      if (resident) continue;
      operand.address += block;
      if (!isResult && tensor) this.#memory.view(type, operand.address, size).set(this.#arrayOf(tensor));
    }
  }

  /** Address of so many bytes for tensors of the call. */
  #block(bytes: number): number {
    const kept = this.#keptBlock?.take(bytes);
    if (kept === undefined) return this.alloc(bytes, 'a block for the tensors of the call');
    this.hold(this.#keptBlock as KeptBlock);
    return kept;
  }

  /** The tensor that the caller gets for a result. */
  tensorOf<T extends DataType>({ type, dims, size, address, tensor, resident }: Operand<T>): TypedTensor<T> {
    if (tensor && resident) return tensor.value as TypedTensor<T>;
    const elements = this.#memory.view(type, address, size);
    // Made of a view and not by `slice`, whose array engines fill with zeros first.
    if (!tensor) return makeTensor(type, new dataTypes[type].raw(elements), dims);
    this.#arrayOf(tensor).set(elements);
    return tensor.value as TypedTensor<T>;
  }

  /** Has something released together with the call's memory. */
  hold<T extends Held>(held: T): T {
    this.#held.push(held);
    return held;
  }

  /** Gives back all but the tensors that live in the memory, so that the call can be prepared anew. */
  clear(): void {
    this.bytes = 0;
    for (let held = this.#held.pop(); held; held = this.#held.pop()) held.release();
  }

  free(): void {
    this.clear();
    for (let i = 0; i < this.#operands.length; i++) {
      const operand = this.#operands[i] as Operand;
      operand.resident?.free();
      operand.resident = undefined;
    }
  }

  /** Has nothing freed, ever: workers may still be writing to it. */
  abandon(): void {
    this.#held = [];
    for (const operand of this.#operands) operand.resident = undefined;
  }

  /** Address of `bytes` bytes that belong to the call. */
  alloc(bytes: number, what: string): number {
    const address = this.#memory.alloc(bytes, what);
    this.hold({ release: () => this.#memory.free(address, bytes) });
    this.bytes += bytes;
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

  /** Fails unless a result lies apart from all tensors before it, wherever they lie. */
  #checkApart(result: Operand, position: number): void {
    const range = this.#rangeOf(result);
    for (const other of this.#operands.slice(0, position)) {
      if (!other.tensor || !overlap(range, this.#rangeOf(other))) continue;
      throw new PyramidPoolError(
        'overlap',
        `${result.tensor?.path} shares memory with another tensor of the call, but must lie apart`,
      );
    }
  }

  /** Where a tensor lies that the caller gave. */
  #rangeOf({ tensor, resident, bytes }: Operand): Range {
    if (resident) return { buffer: this.#before, start: resident.address, bytes };
    const { buffer, byteOffset } = tensor as CheckedTensor;
    return { buffer, start: byteOffset, bytes };
  }
}
