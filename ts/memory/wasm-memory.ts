import { messageOf, PyramidPoolError } from '../core/errors.js';
import type { WebAssemblyMemory } from '../core/host-types.js';
import { isSharedBuffer } from '../core/realm.js';
import { type DataType, dataTypes, type RawOf, WORD_BYTES } from '../core/tensor.js';
import { exported, type Kernels } from '../core/variant.js';
import type { Access } from './access.js';
import { PAGE_BYTES } from './page-count.js';
import { Sharing } from './sharing.js';

/** Where WebAssembly failed, if not in this runtime. */
const ELSEWHERE = 'in another runtime over the same memory';

/** The last page is never asked for: sizes are rounded up behind the boundary. */
const MOST_BYTES = 2 ** 32 - 2 ** 16;

/** A runtime's WASM memory: takes and gives back blocks, and makes views that are right after it has grown. */
export class WasmMemory {
  #kernels: Kernels | undefined;
  #memory: WebAssemblyMemory | undefined;
  #buffer: ArrayBuffer | undefined;
  /** What is shared with other threads, if the memory is. */
  readonly sharing: Sharing | undefined;
  /** None until one is needed, and once nothing runs here any more. */
  access: Access | undefined;
  /** Why nothing runs here any more. */
  #failure: PyramidPoolError | undefined;

  constructor(memory: WebAssemblyMemory, kernels?: Kernels) {
    this.#memory = memory;
    if (kernels) this.kernels = kernels;
    const { buffer } = memory;
    if (isSharedBuffer(buffer)) this.sharing = new Sharing(this, buffer.byteLength / PAGE_BYTES);
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
    if (this.sharing?.broken) this.break(new Error(ELSEWHERE));
    return this.#kernels;
  }

  /** Called with the failure after which nothing runs here any more. */
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
    this.#kernels = this.access = undefined;
    this.sharing?.tellBroken();
    this.onBroken(this.#failure);
    return this.#failure;
  }

  get memory(): WebAssemblyMemory {
    if (!this.#memory) throw disposed();
    return this.#memory;
  }

  /** The buffer as it is now. Engines take long to give it, and one that is not shared has no bytes any more once memory has grown. */
  get buffer(): ArrayBuffer {
    if (this.sharing || !this.#buffer?.byteLength) this.#buffer = this.memory.buffer as ArrayBuffer;
    return this.#buffer as ArrayBuffer;
  }

  /** What is shared with other threads. Fails where the memory is not. */
  get shared(): Sharing {
    if (!this.sharing) {
      throw new PyramidPoolError(
        'not-shared',
        "this runtime's memory is its thread's own: only the variant simd-threads can share it (runtime.fallback says why it is another)",
      );
    }
    return this.sharing;
  }

  /** Joins the runtimes over this memory, whose table is at an address. False where there is no table of that id. */
  join(address: number, id: string): boolean {
    const { shared } = this;
    if (!shared.join(address, id)) return false;
    if (shared.broken) {
      shared.leave();
      throw this.break(new Error(ELSEWHERE));
    }
    return true;
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
    this.sharing?.own(address, bytes);
    return address;
  }

  /**
   * Has this thread's instance know of all pages that there are. Gives how many. Hosts on V8 tell threads of growth some time later, and until then a `memory.fill` or `memory.copy` beyond the old size is
   * a trap. To grow by nothing brings the size up to date at once. It is not done for nothing: it makes a new buffer.
   */
  countPages(): number {
    return (this.memory as WebAssembly.Memory).grow(0);
  }

  /** Gives a block back; after the runtime is disposed all of them are gone already. */
  free(address: number, bytes: number): void {
    this.sharing?.disown(address);
    this.#live()?.free(address, bytes);
  }

  /** A view of `length` elements. It may be cut off when memory grows: use it before anything is allocated. */
  view<T extends DataType>(type: T, address: number, length: number): RawOf[T] {
    return new dataTypes[type].raw(this.buffer, address, length) as RawOf[T];
  }

  get closed(): boolean {
    return this.#live() === undefined;
  }

  /** Lets go of the instance, and with it of the memory. */
  close(): void {
    this.#kernels = this.#memory = this.#buffer = this.access = undefined;
    this.sharing?.close();
  }
}

/** The crate's exports, which do not throw unless something is wrong with them or with the memory. */
function guarded(kernels: Kernels, onFailure: (cause: unknown) => Error): Kernels {
  // Six parameters, as many as any export has: lists of arguments take engines longer, and every call comes by here.
  const guard =
    (call: (...numbers: number[]) => number): typeof call =>
    (a, b, c, d, e, f) => {
      try {
        return call(a as number, b as number, c as number, d as number, e as number, f as number);
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
  /** Where it lies, if it has any bytes. */
  address = 0;
  /** How many bytes it has: -1 for none yet. */
  bytes = -1;
  #words: Int32Array | undefined;

  constructor(
    readonly memory: WasmMemory,
    readonly what: string,
  ) {}

  /** Address of at least `bytes` bytes. */
  atLeast(bytes: number): number {
    if (this.bytes < bytes) {
      this.memory.access = undefined;
      this.free();
      this.address = this.memory.alloc(bytes, this.what);
      this.bytes = bytes;
    }
    return this.address;
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
    if (this.bytes >= 0) this.memory.free(this.address, this.bytes);
    this.bytes = -1;
  }
}
