import { JOB_WORDS, type Job, writeJob } from './job.js';
import { Scratch, type WasmMemory } from './memory.js';
import type { Plan } from './plans.js';
import { ELEMENT_BYTES } from './tensor.js';
import type { Crew } from './threads/crew.js';

/** A job, and what deciding how to run it takes. */
export interface Work {
  readonly plan: Plan;
  readonly job: Job;
  /** Elements of the feature map: what the time of every operation grows with. */
  readonly elements: number;
}

/** Runs jobs with the crew, where there is one and the job is worth it, or else on the calling thread alone. */
export class Dispatcher {
  readonly #memory: WasmMemory;
  readonly #crew: Crew | undefined;
  readonly #job: number;
  readonly #scratch: Scratch;

  constructor(memory: WasmMemory, crew: Crew | undefined) {
    this.#memory = memory;
    this.#crew = crew;
    this.#scratch = new Scratch(memory, 'working memory');
    this.#job = memory.alloc(JOB_WORDS * ELEMENT_BYTES, 'a job');
  }

  /** Runs a job and returns when it is done. */
  run(work: Work): void {
    if (!this.#crew?.run(work)) this.#runAlone(work);
  }

  /** Runs a job without blocking the calling thread, where there is a crew. */
  async runAsync(work: Work): Promise<void> {
    if (!(await this.#crew?.runAsync(work))) this.#runAlone(work);
  }

  #runAlone({ plan, job }: Work): void {
    const { kernels } = this.#memory;
    const scratch = this.#scratch.atLeast(plan.scratchBytes);
    writeJob(this.#memory.view('int32', this.#job, JOB_WORDS), job);
    kernels.run(this.#job, 0, kernels.job_units(this.#job) >>> 0, scratch);
  }
}
