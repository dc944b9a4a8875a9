import { messageOf, PyramidPoolError } from '../core/errors.js';
import type { WebAssemblyMemory } from '../core/host-types.js';
import { isSharedBuffer } from '../core/realm.js';
import { type DataType, dataTypes, type RawOf, WORD_BYTES } from '../core/tensor.js';
import { exported, type Kernels } from '../core/variant.js';
import { PAGE_BYTES, type PageCount } from './page-count.js';
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
  /** Words in shared memory where threads tell each other how many pages there are. */
  readonly #pageCounts: PageCount[] = [];
  /** Pages that this thread's instance knows of, at least. */
  #pages: number;
  /** Why nothing runs here any more. */
  #failure: PyramidPoolError | undefined;

  constructor(memory: WebAssemblyMemory, kernels?: Kernels) {
    this.#memory = memory;
    if (kernels) this.kernels = kernels;
    this.#isShared = isSharedBuffer(memory.buffer);
    this.#pages = memory.buffer.byteLength / PAGE_BYTES;
  }

  /** The crate's exports, until the runtime is disposed. */
  get kernels(): Kernels {
    const kernels = this.#live();
    if (!kernels) throw this.#failure ?? disposed();
    return kernels;
  }

  set kernels(kernels: Kernels) {
    this.#kernels = guarded(kernels, (cause) => this.break(cause));
  }

  /** The crate's exports, unless the runtime was disposed, or WebAssembly failed here or in a runtime over the same memory. */
  #live(): Kernels | undefined {
    if (this.#kernels && this.#registry?.broken)
      this.break(new Error('in another runtime over the same memory'));
    return this.#kernels;
  }

  /** Hears of the failure after which nothing runs here any more. */
  onBroken = (_failure: PyramidPoolError) => {};

  /** Why nothing runs here any more, if so. */
  get failure(): PyramidPoolError | undefined {
    return this.#failure;
  }

  /**
   * Has nothing run here any more, and nothing be freed: a kernel was left in the middle, so the memory may hold anything,
   * and other threads may still write to it. Gives the error that all calls get from now on.
   */
  break(cause: unknown): PyramidPoolError {
    if (this.#failure) return this.#failure;
    this.#failure = new PyramidPoolError(
      'runtime-broken',
      `this runtime is broken: its WebAssembly failed in the middle of a call (${messageOf(cause)}), so its memory cannot be relied on; make another one with createRuntime, and pools and tensors with it (pools without options.runtime get a new one when they are made again)`,
      { cause },
    );
    this.#kernels = undefined;
    this.#registry?.tellBroken();
    this.onBroken(this.#failure);
    return this.#failure;
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
    if (!this.#registry) {
      this.#registry = TensorRegistry.create(this);
      this.sharePageCount(this.#registry.pageCount);
    }
    return this.#registry;
  }

  /** Joins the runtimes that are over this memory already. */
  join(table: TensorRegistry): void {
    if (!table.join()) throw new PyramidPoolError('disposed', 'the runtime of this handle was disposed');
    this.#registry = table;
    this.sharePageCount(table.pageCount);
    if (table.broken) {
      table.leave();
      throw this.break(new Error('in another runtime over the same memory'));
    }
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
    if (this.#isShared) {
      this.#owned.set(address, bytes);
      if (address + bytes > this.#pages * PAGE_BYTES) this.#refresh();
    }
    return address;
  }

  /** Has this runtime tell other threads how many pages there are, and hear it from them, by a word in shared memory. */
  sharePageCount(count: PageCount): void {
    this.#pageCounts.push(count);
    count.raise(this.#pages);
  }

  /** Has this thread's instance know of all memory that other threads have told of. */
  seeGrowth(): void {
    if (this.#pageCounts.some((count) => count.pages > this.#pages)) this.#refresh();
  }

  /**
   * Hosts on V8 tell threads of growth some time later, and until then a `memory.fill` or `memory.copy` beyond the old size is
   * a trap. To grow by nothing brings the size up to date at once. It is not done for nothing: it makes a new buffer.
   */
  #refresh(): void {
    this.#pages = (this.memory as WebAssembly.Memory).grow(0);
    for (const count of this.#pageCounts) count.raise(this.#pages);
  }

  /** Gives a block back; after the runtime is disposed all of them are gone already. */
  free(address: number, bytes: number): void {
    this.#owned.delete(address);
    this.#live()?.free(address, bytes);
  }

  /** Makes a block one that others may hold too. From now on it is given back by `release`. */
  share(address: number, bytes: number): RegistryEntry {
    const entry = this.registry.add(address, bytes);
    this.disown(address);
    return entry;
  }

  release(entry: RegistryEntry): void {
    if (this.#live()) this.#registry?.release(entry);
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
    return this.#live() === undefined;
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

/** The crate's exports, which do not throw unless something is wrong with them or with the memory. */
function guarded(kernels: Kernels, onFailure: (cause: unknown) => Error): Kernels {
  const guard =
    (call: (...numbers: number[]) => number) =>
    (...numbers: number[]) => {
      try {
        return call(...numbers);
      } catch (cause) {
        throw onFailure(cause);
      }
    };
  const guards = exported.map((name) => [name, guard(kernels[name] as (...numbers: number[]) => number)]);
  return { ...kernels, ...Object.fromEntries(guards) };
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
