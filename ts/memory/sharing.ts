import { PyramidPoolError } from '../core/errors.js';
import { PAGE_BYTES, type PageCount } from './page-count.js';
import { type RegistryEntry, type RegistryMemory, TensorRegistry } from './tensor-registry.js';

/** What sharing needs of the memory that is shared. */
export interface SharedMemory extends RegistryMemory {
  /** Whether nothing may be freed in it any more. */
  readonly closed: boolean;
  /** Has this thread's instance know of all pages that there are. Gives how many. */
  countPages(): number;
}

/**
 * What runtimes and threads over one memory have to agree on: which blocks are whose, which tensors several of them hold, and how many
 * pages there are.
 */
export class Sharing {
  readonly #memory: SharedMemory;
  /** Blocks that this runtime took and nobody else uses: it may have to give them back. */
  readonly #owned = new Map<number, number>();
  /** Words in shared memory where threads tell each other how many pages there are. */
  readonly #pageCounts: PageCount[] = [];
  /** Pages that this thread's instance knows of, at least. */
  #pages: number;
  #registry: TensorRegistry | undefined;

  constructor(memory: SharedMemory, pages: number) {
    this.#memory = memory;
    this.#pages = pages;
  }

  /** The table of tensors that several runtimes may hold: made when it is first asked for. */
  get registry(): TensorRegistry {
    this.#registry ??= this.#use(TensorRegistry.create(this.#registryMemory()));
    return this.#registry;
  }

  /** Joins the runtimes that are over this memory already, by the address of their table. False where there is no table of that id. */
  join(address: number, id: string): boolean {
    const registry = TensorRegistry.at(this.#registryMemory(), address);
    if (registry?.id !== id) return false;
    if (!registry.join()) throw new PyramidPoolError('disposed', 'the runtime of this handle was disposed');
    this.#registry = this.#use(registry);
    return true;
  }

  /** Whether WebAssembly failed in a runtime over the same memory. */
  get broken(): boolean {
    return this.#registry?.broken ?? false;
  }

  /** Tells all runtimes over the memory that it failed in this one. */
  tellBroken(): void {
    this.#registry?.tellBroken();
  }

  /** Notes that this runtime took a block. */
  own(address: number, bytes: number): void {
    this.#owned.set(address, bytes);
    if (address + bytes > this.#pages * PAGE_BYTES) this.#refresh();
  }

  /** Makes a block one that outlives the runtime. */
  disown(address: number): void {
    this.#owned.delete(address);
  }

  /** Makes a block one that others may hold too. From now on it is given back by `release`. */
  share(address: number, bytes: number): RegistryEntry {
    const entry = this.registry.add(address, bytes);
    this.disown(address);
    return entry;
  }

  release(entry: RegistryEntry): void {
    if (!this.#memory.closed) this.#registry?.release(entry);
  }

  /** Adds a word in shared memory by which this runtime and other threads tell each other how many pages there are. */
  addPageCount(count: PageCount): void {
    this.#pageCounts.push(count);
    count.raise(this.#pages);
  }

  /** Has this thread's instance know of all memory that other threads have told of. */
  seeGrowth(): void {
    if (this.#pageCounts.some((count) => count.pages > this.#pages)) this.#refresh();
  }

  /** Whether runtimes of other threads are left over this memory, now that this one leaves. */
  leave(): boolean {
    return this.#registry?.leave() ?? false;
  }

  /** Gives back all that this runtime has taken. */
  freeAll(): void {
    this.#registry?.releaseAll();
    for (const [address, bytes] of this.#owned) this.#memory.free(address, bytes);
  }

  /** Lets go of the table, and with it of the memory. */
  close(): void {
    this.#registry = undefined;
  }

  #use(registry: TensorRegistry): TensorRegistry {
    this.addPageCount(registry.pageCount);
    return registry;
  }

  #refresh(): void {
    this.#pages = this.#memory.countPages();
    for (const count of this.#pageCounts) count.raise(this.#pages);
  }

  /** The memory for the table, whose blocks outlive the runtime. */
  #registryMemory(): RegistryMemory {
    const memory = this.#memory;
    return {
      alloc: (bytes, what) => {
        const address = memory.alloc(bytes, what);
        this.disown(address);
        return address;
      },
      free: (address, bytes) => memory.free(address, bytes),
      view: (type, address, length) => memory.view(type, address, length),
    };
  }
}
