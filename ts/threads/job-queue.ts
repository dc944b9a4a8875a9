/**
 * The words that a caller and its workers share. A job is cut into chunks of units; whoever is free claims the next
 * one. What is counted are finished chunks, not workers, so a caller never waits for a worker that has nothing to do.
 */

import type { WebAssemblyMemory } from '../core/host-types.js';
import { CHUNKS_PER_JOB, SPIN_MS } from '../core/tuning.js';
import type { Kernels } from '../core/variant.js';
import { PAGE_BYTES, PageCount } from '../memory/page-count.js';

/** `generation << CHUNK_BITS | chunks left`: whoever takes it down by one owns the chunk. */
const CLAIM = 0;
/** Chunks finished. */
const DONE = 1;
const CHUNKS = 2;
const UNITS = 3;
/** Workers that take part: those with a lower number. */
const PARTICIPANTS = 4;
/** Working memory of worker 0, and the distance to the next worker's. */
const SCRATCH = 5;
const SCRATCH_STRIDE = 6;
/** Workers that sleep and need to be woken. */
const ASLEEP = 7;
/** Workers that have started. */
const STARTED = 8;
/** Not 0: workers shall end. */
const STOP = 9;
/** The list of jobs, and how many there are. */
const JOBS = 10;
const COUNT = 11;
/** Pages of the memory, as far as a thread has told. */
const PAGES = 12;
/** Not 0: a kernel trapped in a worker. */
const TRAPPED = 13;

/** A line of the cache. */
export const CONTROL_WORDS = 16;

const CHUNK_BITS = 12;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

/** The caller of a job has no number among the workers. */
const CALLER = -1;

/** A list of jobs in memory, and who may run it with which working memory. */
export interface OpenJobs {
  readonly jobs: number;
  readonly count: number;
  readonly units: number;
  readonly participants: number;
  readonly scratch: number;
  readonly stride: number;
}

/** The control words of one pool, seen from one thread. */
export class JobQueue {
  readonly #words: Int32Array;
  readonly #memory: WebAssemblyMemory;
  /** Pages that this thread's instance knows of, at least. */
  #pages = 0;

  constructor(
    memory: WebAssemblyMemory,
    readonly address: number,
  ) {
    this.#memory = memory;
    this.#words = new Int32Array(memory.buffer, address, CONTROL_WORDS);
  }

  /** Where caller and workers tell each other how many pages there are. */
  get pageCount(): PageCount {
    return new PageCount(this.#words, PAGES);
  }

  /** Whether a kernel trapped in a worker. */
  get trapped(): boolean {
    return Atomics.load(this.#words, TRAPPED) !== 0;
  }

  get asleep(): number {
    return Atomics.load(this.#words, ASLEEP);
  }

  get started(): number {
    return Atomics.load(this.#words, STARTED);
  }

  get done(): number {
    return Atomics.load(this.#words, DONE);
  }

  get finished(): boolean {
    return this.done === this.#words[CHUNKS];
  }

  /** Opens work: from now on chunks of it can be claimed. */
  open({ jobs, count, units, participants, scratch, stride }: OpenJobs): void {
    const words = this.#words;
    const generation = (Atomics.load(words, CLAIM) >>> CHUNK_BITS) + 1;
    const chunks = Math.min(units, CHUNKS_PER_JOB);
    words[JOBS] = jobs;
    words[COUNT] = count;
    words[CHUNKS] = chunks;
    words[UNITS] = units;
    words[PARTICIPANTS] = participants;
    words[SCRATCH] = scratch;
    words[SCRATCH_STRIDE] = stride;
    this.pageCount.raise(this.#memory.buffer.byteLength / PAGE_BYTES);
    Atomics.store(words, DONE, 0);
    Atomics.store(words, CLAIM, (generation << CHUNK_BITS) | chunks);
    if (this.asleep > 0) Atomics.notify(words, CLAIM);
  }

  /** Runs chunks until none is left, as the caller of the job. */
  work(kernels: Kernels, scratch: number): void {
    for (let chunk = this.#claim(CALLER); chunk >= 0; chunk = this.#claim(CALLER)) {
      this.#runChunk(kernels, chunk, scratch);
    }
  }

  /** A worker's life: run chunks, look for more for a moment, sleep, until it is told to stop. */
  serve(kernels: Kernels, worker: number): void {
    const words = this.#words;
    // The worker's stack may have made memory grow.
    this.#pages = (this.#memory as WebAssembly.Memory).grow(0);
    this.pageCount.raise(this.#pages);
    Atomics.add(words, STARTED, 1);
    Atomics.notify(words, STARTED);
    let awakeUntil = 0;
    while (Atomics.load(words, STOP) === 0) {
      // Read before there is nothing to claim: if work is opened in between, the word differs and the wait is none.
      const claim = Atomics.load(words, CLAIM);
      const chunk = this.#claim(worker);
      if (chunk >= 0) {
        this.#seeGrowth();
        const scratch = (words[SCRATCH] as number) + worker * (words[SCRATCH_STRIDE] as number);
        this.#tryChunk(kernels, chunk, scratch);
        awakeUntil = performance.now() + SPIN_MS;
      } else if (performance.now() > awakeUntil) {
        Atomics.add(words, ASLEEP, 1);
        Atomics.wait(words, CLAIM, claim);
        Atomics.sub(words, ASLEEP, 1);
      }
    }
  }

  /** Tells workers to end, and takes back the chunks that nobody has claimed. True if that is all of them. */
  stop(): boolean {
    const words = this.#words;
    Atomics.store(words, STOP, 1);
    const closed = ((Atomics.load(words, CLAIM) >>> CHUNK_BITS) + 1) << CHUNK_BITS;
    const claim = Atomics.exchange(words, CLAIM, closed);
    Atomics.notify(words, CLAIM);
    return (claim & CHUNK_MASK) === words[CHUNKS];
  }

  /** Waits for the last chunk to be finished, at most `milliseconds`, on a thread that may block. */
  wait(milliseconds: number): void {
    const done = this.done;
    if (done !== this.#words[CHUNKS]) Atomics.wait(this.#words, DONE, done, milliseconds);
  }

  /** The same without blocking. */
  async waitAsync(milliseconds: number): Promise<void> {
    const done = this.done;
    if (done !== this.#words[CHUNKS]) await this.#changed(DONE, done, milliseconds);
  }

  /** Waits, without blocking, for another worker to start than those that have, at most `milliseconds`. */
  waitForStart(started: number, milliseconds: number): Promise<void> {
    return this.#changed(STARTED, started, milliseconds);
  }

  /** Waits, without blocking, until a word is another one, at most `milliseconds`. */
  async #changed(word: number, value: number, milliseconds: number): Promise<void> {
    if (typeof Atomics.waitAsync === 'function') {
      await Atomics.waitAsync(this.#words, word, value, milliseconds).value;
      return;
    }
    const until = performance.now() + milliseconds;
    while (Atomics.load(this.#words, word) === value && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /**
   * The number of a chunk that is now this thread's, or -1. The exchange fails if another job was opened since the
   * word was read, so the participants that were looked at are those of the claimed job.
   */
  #claim(worker: number): number {
    const words = this.#words;
    for (;;) {
      const claim = Atomics.load(words, CLAIM);
      const left = claim & CHUNK_MASK;
      if (left === 0 || worker >= (words[PARTICIPANTS] as number)) return -1;
      if (Atomics.compareExchange(words, CLAIM, claim, claim - 1) === claim) return left - 1;
    }
  }

  /**
   * Has this thread's instance know of all memory that the job may use. Hosts on V8 tell other threads of growth some
   * time later, and until then a `memory.fill` or `memory.copy` beyond the old size is a trap. To grow by nothing brings
   * the size up to date at once.
   */
  #seeGrowth(): void {
    if (this.pageCount.pages > this.#pages) this.#pages = this.#memory.grow(0);
  }

  /** Runs a chunk in a worker. The caller of the job is told of a trap at once, also where it is blocked. */
  #tryChunk(kernels: Kernels, chunk: number, scratch: number): void {
    try {
      this.#runChunk(kernels, chunk, scratch);
    } catch (error) {
      Atomics.store(this.#words, TRAPPED, 1);
      Atomics.notify(this.#words, DONE);
      throw error;
    }
  }

  #runChunk(kernels: Kernels, chunk: number, scratch: number): void {
    const words = this.#words;
    const [chunks, units] = [words[CHUNKS] as number, words[UNITS] as number];
    const at = (chunk: number) => Math.floor((chunk * units) / chunks);
    kernels.run(words[JOBS] as number, words[COUNT] as number, at(chunk), at(chunk + 1), scratch);
    if (Atomics.add(words, DONE, 1) + 1 === chunks) Atomics.notify(words, DONE);
  }
}
