import { type Job, writeJobs } from './job.js';
import { Scratch, type WasmMemory } from './memory.js';
import type { Crew } from './threads/crew.js';

/** The jobs of one call, and what deciding how to run them takes. */
export interface Work {
  readonly jobs: readonly Job[];
  /** Bytes of working memory that a thread needs to run any of them. */
  readonly scratchBytes: number;
  /** Elements of all feature maps: what the time of every operation grows with. */
  readonly elements: number;
}

/** Runs work with the crew, where there is one and it is worth it, or else on the calling thread alone. */
export class Dispatcher {
  readonly #memory: WasmMemory;
  readonly #crew: Crew | undefined;
  readonly #jobs: Scratch;
  readonly #scratch: Scratch;

  constructor(memory: WasmMemory, crew: Crew | undefined) {
    this.#memory = memory;
    this.#crew = crew;
    this.#jobs = new Scratch(memory, 'a list of jobs');
    this.#scratch = new Scratch(memory, 'working memory');
  }

  /** Runs work and returns when it is done. */
  run(work: Work): void {
    if (!this.#crew?.run(work)) this.#runAlone(work);
  }

  /** Runs work without blocking the calling thread, where there is a crew. */
  async runAsync(work: Work): Promise<void> {
    if (!(await this.#crew?.runAsync(work))) this.#runAlone(work);
  }

  #runAlone({ jobs, scratchBytes }: Work): void {
    const { kernels } = this.#memory;
    const scratch = this.#scratch.atLeast(scratchBytes);
    const list = writeJobs(this.#jobs, jobs);
    kernels.run(list, jobs.length, 0, kernels.job_units(list, jobs.length) >>> 0, scratch);
  }
}
