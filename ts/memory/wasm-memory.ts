import { PyramidPoolError } from '../core/errors.js';
import type { WebAssemblyMemory } from '../core/host-types.js';
import { isSharedBuffer } from '../core/realm.js';
import { type DataType, dataTypes, type RawOf, WORD_BYTES } from '../core/tensor.js';
import type { Kernels } from '../core/variant.js';
import { type RegistryEntry, TensorRegistry } from './tensor-registry.js';

/** The last page is never asked for: sizes are rounded up behind the boundary. */
const MOST_BYTES = 2 ** 32 - 2 ** 16;

/** A runtime's WASM memory: takes and gives back blocks, and makes views that are right after it has grown. */
export class WasmMemory {
  #kernels: Kernels | undefined;
  #memory: WebAssemblyMemory | undefined;
  #registry: TensorRegistry | undefined;
  /** Blocks that this runtime took and nobody else uses, where the memory is shared: it may have to give them back. */
  readonly #owned = new Map<number, number>();
  readonly #isShared: boolean;

  constructor(memory: WebAssemblyMemory, kernels?: Kernels) {
    this.#memory = memory;
    this.#kernels = kernels;
    this.#isShared = isSharedBuffer(memory.buffer);
  }

  /** The crate's exports, until the runtime is disposed. */
  get kernels(): Kernels {
    if (!this.#kernels) throw disposed();
    return this.#kernels;
  }

  set kernels(kernels: Kernels) {
    this.#kernels = kernels;
  }

  get memory(): WebAssemblyMemory {
    if (!this.#memory) throw disposed();
    return this.#memory;
  }

  get buffer(): ArrayBuffer {
    return this.memory.buffer as ArrayBuffer;
  }

  /** What runtimes over this memory share: made when it is first asked for. */
  get registry(): TensorRegistry {
    if (!this.#isShared) {
      throw new PyramidPoolError(
        'not-shared',
        "this runtime's memory is its thread's own: only the variant simd-threads can share it (runtime.fallback says why it is another)",
      );
    }
    this.#registry ??= TensorRegistry.create(this);
    return this.#registry;
  }

  /** Joins the runtimes that are over this memory already. */
  join(table: TensorRegistry): void {
    if (!table.join()) throw new PyramidPoolError('disposed', 'the runtime of this handle was disposed');
    this.#registry = table;
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
    if (this.#isShared) this.#owned.set(address, bytes);
    return address;
  }

  /** Gives a block back; after the runtime is disposed all of them are gone already. */
  free(address: number, bytes: number): void {
    this.#owned.delete(address);
    this.#kernels?.free(address, bytes);
  }

  /** Makes a block one that others may hold too. From now on it is given back by `release`. */
  share(address: number, bytes: number): RegistryEntry {
    const entry = this.registry.add(address, bytes);
    this.disown(address);
    return entry;
  }

  release(entry: RegistryEntry): void {
    this.#registry?.release(entry);
  }

  /** Makes a block one that outlives the runtime. */
  disown(address: number): void {
    this.#owned.delete(address);
  }

  /** A view of `length` elements. It may be cut off when memory grows: use it before anything is allocated. */
  view<T extends DataType>(type: T, address: number, length: number): RawOf[T] {
    return new dataTypes[type].raw(this.buffer, address, length) as RawOf[T];
  }

  get closed(): boolean {
    return this.#kernels === undefined;
  }

  /** Whether runtimes of other threads are left over this memory, now that this one leaves. */
  leave(): boolean {
    return this.#registry?.leave() ?? false;
  }

  /** Gives back all that this runtime has taken. */
  freeAll(): void {
    this.#registry?.releaseAll();
    for (const [address, bytes] of this.#owned) this.free(address, bytes);
  }

  /** Lets go of the instance, and with it of the memory. */
  close(): void {
    this.#kernels = this.#memory = this.#registry = undefined;
  }
}

function disposed(): PyramidPoolError {
  return new PyramidPoolError('disposed', 'the runtime was disposed');
}

/** A block that is made anew when more is needed, and whose contents do not matter in between. */
export class Scratch {
  #address = 0;
  #bytes = -1;
  #words: Int32Array | undefined;

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

  /** At least `count` words, which go stale when memory grows. */
  words(count: number): Int32Array {
    const address = this.atLeast(count * WORD_BYTES);
    const words = this.#words;
    const fits =
      words?.buffer === this.memory.buffer && words.byteOffset === address && words.length >= count;
    if (fits) return words;
    this.#words = this.memory.view('int32', address, count);
    return this.#words;
  }

  /** Gives the block back until it is needed again. */
  free(): void {
    if (this.#bytes >= 0) this.memory.free(this.#address, this.#bytes);
    this.#bytes = -1;
  }
}
