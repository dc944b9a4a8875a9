import { platform } from '#platform';
import type { Work } from '../dispatch.js';
import { messageOf, PyramidPoolError } from '../errors.js';
import { writeJobs } from '../job.js';
import { Scratch, type WasmMemory } from '../memory.js';
import type { StartedWorker } from '../platform/platform.js';
import { WORD_BYTES } from '../tensor.js';
import { CONTROL_WORDS, Control, SPIN_MS } from './control.js';

/** With fewer elements, some tens of microseconds of work, a job is over before a sleeping worker has begun. */
const WORTH_WAKING = 1 << 18;
/** Workers that are awake still take part in jobs this small. */
const WORTH_SHARING = 1 << 15;
/**
 * A waiting caller looks as often as this whether work goes on, and gives up after as many looks without a finished
 * chunk: looks and not seconds, since a machine that slept has lost no worker.
 */
const LOOK_MS = 1000;
const MOST_LOOKS = 60;

/** What a crew needs to start its workers. */
export interface CrewOptions {
  readonly module: WebAssembly.Module;
  readonly threads: number;
  readonly workerUrl: string | URL | undefined;
  /** Whether the calling thread may block: then it takes part in its own jobs. */
  readonly mayBlock: boolean;
  /** Hears why the crew gave up. */
  readonly onGivenUp: (reason: string) => void;
}

/** The workers of a runtime: started with the first job that is worth it, and told to end with the runtime. */
export class Crew {
  readonly #memory: WasmMemory;
  readonly #options: CrewOptions;
  readonly #control: Control;
  readonly #workers: StartedWorker[] = [];
  readonly #jobs: Scratch;
  readonly #scratch: Scratch;
  /** A job is under way: there is one at a time. */
  #busy = false;
  /** The last of the asynchronous jobs, which wait for each other. */
  #queue: Promise<unknown> = Promise.resolve();
  /** Why there are no workers any more. */
  #failure: PyramidPoolError | undefined;
  /** Whether no worker had begun the job under way when they ended. */
  #untouched = false;
  /** Wakes whoever waits for the job under way, so that a failure is noticed at once. */
  #wake = () => {};

  constructor(memory: WasmMemory, options: CrewOptions) {
    this.#memory = memory;
    this.#options = options;
    this.#jobs = new Scratch(memory, 'a list of jobs');
    this.#scratch = new Scratch(memory, 'working memory of the threads');
    const address = memory.alloc(CONTROL_WORDS * WORD_BYTES, 'the control words of the threads');
    // Workers look at them until they have ended, which may be after the runtime.
    memory.disown(address);
    memory.view('int32', address, CONTROL_WORDS).fill(0);
    this.#control = new Control(memory.memory, address);
  }

  /** Runs a job with the caller's help. False where the caller is better off alone: nothing was done then. */
  run(work: Work): boolean {
    const { mayBlock, threads } = this.#options;
    if (!mayBlock || threads < 2 || this.#busy || !this.#isWorth(work)) return false;
    const scratch = this.#open(work, threads - 1, 2);
    if (scratch === undefined) return false;
    try {
      this.#control.work(this.#memory.kernels, scratch);
      this.#wait();
    } finally {
      this.#busy = false;
    }
    return true;
  }

  /** Runs a job on the workers alone, after those before it. False where the caller must do it: nothing was done then. */
  async runAsync(work: Work): Promise<boolean> {
    if (!this.#isWorth(work)) return false;
    const turn = this.#queue.then(() => this.#runOnWorkers(work));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Ends every worker. A job under way is rejected. Where others go on over the memory (`gently`), workers finish what they
   * are at: they may hold the lock of the allocator. True if no worker was at a job.
   */
  dispose(gently = false): boolean {
    const idle = !this.#busy && this.#failure === undefined;
    this.#end(new PyramidPoolError('disposed', 'the runtime was disposed'), gently);
    return idle;
  }

  #isWorth({ elements }: Work): boolean {
    const awake = this.#control.asleep < this.#control.started;
    return this.#failure === undefined && elements >= (awake ? WORTH_SHARING : WORTH_WAKING);
  }

  /**
   * Opens work of `fewest` units or more for at most `most` workers. Gives the address of the caller's working memory, or
   * nothing where the caller must do the work: it has fewer, workers cannot be started, or there is no memory for all of
   * them.
   */
  #open({ jobs, scratchBytes }: Work, most: number, fewest = 1): number | undefined {
    const list = writeJobs(this.#jobs, jobs);
    const units = this.#memory.kernels.job_units(list, jobs.length) >>> 0;
    if (units < fewest) return undefined;
    const seats = Math.min(most, units);
    const scratch = this.#scratchFor((seats + 1) * scratchBytes);
    if (scratch === undefined) return undefined;
    // Last, so that memory does not grow for this job while they begin.
    this.#startWorkers(most);
    if (this.#failure !== undefined) return undefined;
    this.#control.open({ jobs: list, count: jobs.length, units, seats, scratch, stride: scratchBytes });
    this.#busy = true;
    return scratch + seats * scratchBytes;
  }

  #scratchFor(bytes: number): number | undefined {
    try {
      return this.#scratch.atLeast(bytes);
    } catch (error) {
      if (error instanceof PyramidPoolError && error.code === 'out-of-memory') return undefined;
      throw error;
    }
  }

  #startWorkers(count: number): void {
    const { module, workerUrl } = this.#options;
    const { memory } = this.#memory;
    while (this.#workers.length < count && this.#failure === undefined) {
      const membership = { module, memory, control: this.#control.address, worker: this.#workers.length };
      try {
        this.#workers.push(platform.startWorker(membership, workerUrl, (reason) => this.#giveUp(reason)));
      } catch (error) {
        this.#giveUp(messageOf(error));
      }
    }
  }

  /** Waits for chunks that workers have claimed: for a moment awake, then asleep. */
  #wait(): void {
    const control = this.#control;
    const spinUntil = performance.now() + SPIN_MS;
    while (!control.finished && performance.now() < spinUntil);
    const watch = new Watch(control);
    while (!control.finished) {
      control.wait(LOOK_MS);
      // Events that tell of a dead worker cannot arrive here.
      if (watch.isHopeless()) this.#giveUp('it made no progress');
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  async #runOnWorkers(work: Work): Promise<boolean> {
    if (this.#failure !== undefined || this.#open(work, this.#options.threads) === undefined) return false;
    const control = this.#control;
    const watch = new Watch(control);
    for (const worker of this.#workers) worker.hold(true);
    try {
      while (!control.finished && this.#failure === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          control.waitAsync(LOOK_MS).then(resolve);
        });
        // A worker that dies says so. One that never starts may not; then nothing is lost.
        if (control.started === 0 && watch.isHopeless()) this.#giveUp('it did not start');
      }
    } finally {
      this.#busy = false;
      for (const worker of this.#workers) worker.hold(false);
    }
    if (control.finished) return true;
    // Workers that never began leave the whole job to the caller.
    if (this.#untouched) return false;
    throw this.#failure;
  }

  /** Goes on without workers, over the same memory: one that is starting may hold the lock of its allocator. */
  #giveUp(reason: string): void {
    if (this.#failure !== undefined) return;
    const failure = `a worker failed: ${reason}`;
    this.#end(new PyramidPoolError('worker-failed', failure), true);
    // Later: whatever the listener does must not come in the way of a job.
    queueMicrotask(() => this.#options.onGivenUp(failure));
  }

  #end(failure: PyramidPoolError, gently = false): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#untouched = this.#control.stop();
    for (const worker of this.#workers.splice(0)) {
      if (gently) worker.leave();
      else worker.terminate();
    }
    this.#wake();
  }
}

/** Counts looks at work that makes no progress. */
class Watch {
  #done = -1;
  #looks = 0;

  constructor(readonly control: Control) {}

  isHopeless(): boolean {
    const { done } = this.control;
    this.#looks = done === this.#done ? this.#looks + 1 : 0;
    this.#done = done;
    return this.#looks >= MOST_LOOKS;
  }
}
