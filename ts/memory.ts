import { PyramidPoolError } from './errors.js';
import { type DataType, dataTypes, type RawArray } from './tensor.js';
import type { Kernels } from './variant.js';

/** The last page is never asked for: sizes are rounded up behind the boundary. */
const MOST_BYTES = 2 ** 32 - 2 ** 16;

/** A runtime's WASM memory: takes and gives back blocks, and makes views that are right after it has grown. */
export class WasmMemory {
  #kernels: Kernels | undefined;
  #memory: WebAssembly.Memory | undefined;

  constructor(kernels: Kernels, memory: WebAssembly.Memory) {
    this.#kernels = kernels;
    this.#memory = memory;
  }

  /** The crate's exports, until the runtime is disposed. */
  get kernels(): Kernels {
    if (!this.#kernels) throw disposed();
    return this.#kernels;
  }

  get memory(): WebAssembly.Memory {
    if (!this.#memory) throw disposed();
    return this.#memory;
  }

  get buffer(): ArrayBuffer {
    return this.memory.buffer as ArrayBuffer;
  }

  /** Frees what can be made again, when memory cannot grow any further. */
  onExhausted = () => {};

  /** An address from the crate, asked for once more after what can be made again was freed if it is 0. */
  retry(allocate: () => number): number {
    const address = allocate() >>> 0;
    if (address !== 0) return address;
    this.onExhausted();
    return allocate() >>> 0;
  }

  /** Address of a new block. */
  alloc(bytes: number, what: string): number {
    const address = bytes <= MOST_BYTES ? this.retry(() => this.kernels.alloc(bytes)) : 0;
    if (address === 0) {
      const has = this.buffer.byteLength;
      throw new PyramidPoolError(
        'out-of-memory',
        `${what} needs ${bytes} bytes, but memory (now ${has} bytes) cannot grow that far`,
      );
    }
    return address;
  }

  /** Gives a block back; after the runtime is disposed all of them are gone already. */
  free(address: number, bytes: number): void {
    this.#kernels?.free(address, bytes);
  }

  /** A view of `length` elements. It may be cut off when memory grows: use it before anything is allocated. */
  view<T extends DataType>(type: T, address: number, length: number): RawArray {
    return new dataTypes[type].raw(this.buffer, address, length);
  }

  get closed(): boolean {
    return this.#kernels === undefined;
  }

  /** Lets go of the instance, and with it of the memory. */
  close(): void {
    this.#kernels = this.#memory = undefined;
  }
}

function disposed(): PyramidPoolError {
  return new PyramidPoolError('disposed', 'the runtime was disposed');
}

/** A block that is made anew when more is needed, and whose contents do not matter in between. */
export class Scratch {
  #address = 0;
  #bytes = -1;

  constructor(
    readonly memory: WasmMemory,
    readonly what: string,
  ) {}

  /** Address of at least `bytes` bytes. */
  atLeast(bytes: number): number {
    if (this.#bytes < bytes) {
      this.free();
      this.#address = this.memory.alloc(bytes, this.what);
      this.#bytes = bytes;
    }
    return this.#address;
  }

  /** Gives the block back until it is needed again. */
  free(): void {
    if (this.#bytes >= 0) this.memory.free(this.#address, this.#bytes);
    this.#bytes = -1;
  }
}
