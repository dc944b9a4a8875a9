import type { DataType, RawOf } from '../core/tensor.js';
import { PageCount } from './page-count.js';

/*
 * The table in shared memory that all runtimes over it use: which memory it is, how many runtimes are over it, which
 * tensors were shared, and how many hold each of them. It is never freed, so whoever has an old handle may look safely.
 *
 * It is a chain of segments. A segment is a header of 16 words and then its slots, one for each shared tensor.
 */

const MAGIC = 0;
/** Four random words, by which the memory of one runtime is told from another's. Those of the first segment count. */
const ID = 1;
const ID_WORDS = 4;
/** Runtimes over the memory that are not disposed, in the first segment. */
const RUNTIMES = 5;
/** Address of the next segment, or 0. */
const NEXT = 6;
/** Pages of the memory, in the first segment. */
const PAGES = 7;
/** Not 0: WebAssembly failed in the middle of a call in some thread, in the first segment. */
const BROKEN = 8;
const HEADER_WORDS = 16;
const HEADER_BYTES = 4 * HEADER_WORDS;

const SLOTS = 64;
/** A slot is two numbers of 64 bits: `generation << 32 | holders` and `bytes << 32 | address`. */
const SLOT_BYTES = 16;
const SEGMENT_BYTES = HEADER_BYTES + SLOT_BYTES * SLOTS;

/** "SPP", and the version of this layout. */
const MAGIC_NUMBER = 0x53505001;

const low = (word: bigint) => Number(word & 0xffff_ffffn);
const high = (word: bigint) => Number(word >> 32n);
const pair = (high: number, low: number) => (BigInt(high) << 32n) | BigInt(low);

/** What the registry needs of the memory that it lies in. */
export interface RegistryMemory {
  alloc(bytes: number, what: string): number;
  free(address: number, bytes: number): void;
  view<T extends DataType>(type: T, address: number, length: number): RawOf[T];
}

/** A block of memory that is in the table. */
export interface RegistryEntry {
  readonly slot: number;
  /** Which of all blocks that had this slot, so that the handle of a freed one does not lead to the next. */
  readonly generation: number;
  readonly address: number;
  readonly bytes: number;
}

/** The table, seen from one runtime. */
export class TensorRegistry {
  readonly #memory: RegistryMemory;
  readonly #header: Int32Array;
  /** What this runtime holds. */
  readonly #held = new Set<RegistryEntry>();

  private constructor(
    memory: RegistryMemory,
    /** Of the first segment. */
    readonly address: number,
  ) {
    this.#memory = memory;
    this.#header = memory.view('int32', address, HEADER_WORDS);
  }

  /** Makes the table of a memory that has none yet. */
  static create(memory: RegistryMemory): TensorRegistry {
    const table = new TensorRegistry(memory, makeSegment(memory));
    table.#header.set(randomWords(ID_WORDS), ID);
    table.#header[RUNTIMES] = 1;
    table.#header[MAGIC] = MAGIC_NUMBER;
    return table;
  }

  /** The table at an address, if there is one. */
  static at(memory: RegistryMemory, address: number): TensorRegistry | undefined {
    const { byteLength } = memory.view('int32', 0, 0).buffer;
    if (address % HEADER_BYTES !== 0 || address + SEGMENT_BYTES > byteLength) return undefined;
    const table = new TensorRegistry(memory, address);
    return table.#header[MAGIC] === MAGIC_NUMBER ? table : undefined;
  }

  /** Where the runtimes over the memory tell each other how many pages there are. */
  get pageCount(): PageCount {
    return new PageCount(this.#header, PAGES);
  }

  /** What tells this memory from others. */
  get id(): string {
    return this.#header.slice(ID, ID + ID_WORDS).join(' ');
  }

  /** Counts this runtime in. False if all others are gone. */
  join(): boolean {
    for (;;) {
      const runtimes = Atomics.load(this.#header, RUNTIMES);
      if (runtimes === 0) return false;
      if (Atomics.compareExchange(this.#header, RUNTIMES, runtimes, runtimes + 1) === runtimes) return true;
    }
  }

  /** Whether a runtime over the memory is broken: then none of them may run on. */
  get broken(): boolean {
    return Atomics.load(this.#header, BROKEN) !== 0;
  }

  /** Tells all runtimes over the memory that this one is broken. */
  tellBroken(): void {
    Atomics.store(this.#header, BROKEN, 1);
  }

  /** Counts this runtime out. True if others go on. */
  leave(): boolean {
    return Atomics.sub(this.#header, RUNTIMES, 1) > 1;
  }

  /** Enters a block, which this runtime is the first to hold. */
  add(address: number, bytes: number): RegistryEntry {
    for (let slot = 0; ; slot++) {
      const words = this.#slot(slot, true) as BigUint64Array;
      const state = Atomics.load(words, 0);
      if (low(state) > 0) continue;
      const generation = (high(state) + 1) >>> 0;
      if (Atomics.compareExchange(words, 0, state, pair(generation, 1)) !== state) continue;
      Atomics.store(words, 1, pair(bytes, address));
      return this.#keep({ slot, generation, address, bytes });
    }
  }

  /** Holds a block that is in the table. Nothing if nobody holds it any more. */
  hold(slot: number, generation: number): RegistryEntry | undefined {
    const words = this.#slot(slot, false);
    for (;;) {
      const state = words ? Atomics.load(words, 0) : 0n;
      if (!words || low(state) === 0 || high(state) !== generation) return undefined;
      if (Atomics.compareExchange(words, 0, state, state + 1n) !== state) continue;
      const place = Atomics.load(words, 1);
      return this.#keep({ slot, generation, address: low(place), bytes: high(place) });
    }
  }

  /** Lets go of a block. Whoever is the last to do so frees it. */
  release(entry: RegistryEntry): void {
    if (!this.#held.delete(entry)) return;
    const words = this.#slot(entry.slot, false) as BigUint64Array;
    if (low(Atomics.sub(words, 0, 1n)) === 1) this.#memory.free(entry.address, entry.bytes);
  }

  /** Lets go of everything. */
  releaseAll(): void {
    for (const entry of this.#held) this.release(entry);
  }

  #keep(entry: RegistryEntry): RegistryEntry {
    this.#held.add(entry);
    return entry;
  }

  /** The words of a slot. Where the chain is too short it is made longer, or there is nothing. */
  #slot(slot: number, grow: boolean): BigUint64Array | undefined {
    const memory = this.#memory;
    let segment = this.address;
    for (let left = Math.floor(slot / SLOTS); left > 0; left--) {
      const header = memory.view('int32', segment, HEADER_WORDS);
      if (Atomics.load(header, NEXT) === 0) {
        if (!grow) return undefined;
        const made = makeSegment(memory);
        // Another thread may have been faster.
        if (Atomics.compareExchange(header, NEXT, 0, made) !== 0) memory.free(made, SEGMENT_BYTES);
      }
      segment = Atomics.load(header, NEXT) >>> 0;
    }
    const words = memory.view('int32', segment + HEADER_BYTES + SLOT_BYTES * (slot % SLOTS), SLOT_BYTES / 4);
    return new BigUint64Array(words.buffer, words.byteOffset, 2);
  }
}

/** Words that no other memory has: not secret, so any source of random numbers will do where there is no `crypto`. */
function randomWords(count: number): Int32Array {
  // Not in shared memory, which `crypto` refuses.
  const words = new Int32Array(count);
  if (typeof crypto === 'object') return crypto.getRandomValues(words);
  return words.map(() => Math.random() * 2 ** 32);
}

function makeSegment(memory: RegistryMemory): number {
  const address = memory.alloc(SEGMENT_BYTES, 'the table of what is shared');
  memory.view('int32', address, SEGMENT_BYTES / 4).fill(0);
  return address;
}
