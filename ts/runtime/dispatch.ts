import { ALL_UNITS, type JobList, writeJobs } from '../memory/job.js';
import { Scratch, type WasmMemory } from '../memory/wasm-memory.js';
import type { ThreadPool } from '../threads/thread-pool.js';

/** Runs jobs with the thread pool, where there is one and it is worth it, or else on the calling thread alone. */
export class Dispatcher {
  readonly #memory: WasmMemory;
  readonly #threadPool: ThreadPool | undefined;
  /** Where jobs are written for the calling thread. */
  readonly jobs: Scratch;
  /** Working memory of the calling thread. */
  readonly scratch: Scratch;

  constructor(memory: WasmMemory, threadPool: ThreadPool | undefined) {
    this.#memory = memory;
    this.#threadPool = threadPool;
    this.jobs = new Scratch(memory, 'a list of jobs');
    this.scratch = new Scratch(memory, 'working memory');
  }

  /** Runs jobs and returns when it is done. */
  run(jobs: JobList): void {
    if (!this.#threadPool?.run(jobs)) this.#runAlone(jobs);
  }

  /** Runs jobs without blocking the calling thread, where there is a thread pool. */
  async runAsync(jobs: JobList): Promise<void> {
    if (!(await this.#threadPool?.runAsync(jobs))) this.#runAlone(jobs);
  }

  #runAlone(jobs: JobList): void {
    const { kernels } = this.#memory;
    const { count, scratchBytes } = jobs;
    const scratch = this.scratch.atLeast(scratchBytes);
    kernels.run(writeJobs(this.jobs, jobs), count, 0, ALL_UNITS, scratch);
  }
}
