import type { CheckedTensor } from './check.js';
import { PyramidPoolError } from './errors.js';
import type { WasmMemory } from './memory.js';
import { ResidentTensor } from './resident.js';
import { countElements, type DataType, ELEMENT_BYTES, makeTensor, type Tensor } from './tensor.js';

interface Block {
  readonly address: number;
  readonly bytes: number;
  free(): void;
}

/** A place in WASM memory where a call writes a result, and the way to the tensor the caller gets. */
export interface Result<T extends DataType> {
  readonly address: number;
  take(): Tensor<T>;
}

/** The WASM memory of one call: tensors that live there are used in place, others copied in and out. */
export class Buffers {
  readonly #memory: WasmMemory;
  readonly #blocks: Block[] = [];

  constructor(memory: WasmMemory) {
    this.#memory = memory;
  }

  /** Address of a tensor's elements; `given` is the tensor as the caller gave it. */
  read<T extends DataType>(type: T, { data }: CheckedTensor<T>, given: unknown): number {
    const resident = ResidentTensor.borrow(this.#memory, given);
    if (resident) return this.#keep(resident).address;
    const { address } = this.#alloc(data.length * ELEMENT_BYTES, 'the copy of an input');
    this.#memory.view(type, address, data.length).set(data);
    return address;
  }

  /** Room for a result, which goes to `out` where the caller gave one. `path` names it in messages. */
  write<T extends DataType>(
    type: T,
    dims: readonly number[],
    out: CheckedTensor<T> | undefined,
    given: unknown,
    path: string,
  ): Result<T> {
    const length = countElements(dims);
    const resident = ResidentTensor.borrow(this.#memory, given);
    if (resident) {
      const { address } = this.#keep(resident, path);
      return { address, take: () => given as Tensor<T> };
    }
    const { address } = this.#alloc(length * ELEMENT_BYTES, `a result of [${dims.join(', ')}]`);
    const view = () => this.#memory.view(type, address, length);
    if (!out)
      return {
        address,
        take: () => makeTensor(type, view().slice() as typeof view extends () => infer D ? D : never, dims),
      };
    return {
      address,
      take() {
        out.data.set(view());
        return given as Tensor<T>;
      },
    };
  }

  free(): void {
    for (const block of this.#blocks) block.free();
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
