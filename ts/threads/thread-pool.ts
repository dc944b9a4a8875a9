import { platform } from '#platform';
import { hasCode, messageOf, PyramidPoolError } from '../core/errors.js';
import type { ScriptUrl, WebAssemblyModule } from '../core/host-types.js';
import { WORD_BYTES } from '../core/tensor.js';
import { SPIN_MS, WORTH_SHARING } from '../core/tuning.js';
import { type JobList, writeJobs } from '../memory/job.js';
import { Scratch, type WasmMemory } from '../memory/wasm-memory.js';
import type { StartedWorker } from '../platform/platform.js';
import { CONTROL_WORDS, JobQueue } from './job-queue.js';

/**
 * A waiting caller looks as often as this whether work goes on, and gives up after as many looks without a finished
 * chunk: looks and not seconds, since a machine that slept has lost no worker.
 */
const LOOK_MS = 1000;
const MOST_LOOKS = 60;

/**
 * The state of a runtime's workers. `'idle'`: none was started yet, or the runtime has none. `'starting'`: some of the started ones do
 * not run yet. `'running'`: all started ones run. `'failed'`: a worker failed, and there are none any more.
 */
export type ThreadState = 'idle' | 'starting' | 'running' | 'failed';

/** What a thread pool needs to start its workers. */
export interface ThreadPoolOptions {
  readonly module: WebAssemblyModule;
  readonly threads: number;
  readonly workerUrl: ScriptUrl | undefined;
  /** Whether the calling thread may block: then it takes part in its own jobs. */
  readonly mayBlock: boolean;
  /** Called with the reason when the thread pool gives up, in the middle of a call. */
  readonly onGivenUp: (reason: string) => void;
}

/** The workers of a runtime: started with the first job that is worth it, and told to end with the runtime. */
export class ThreadPool {
  readonly #memory: WasmMemory;
  readonly #options: ThreadPoolOptions;
  readonly #jobQueue: JobQueue;
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
  /** Calls that wait for workers. */
  #waiting = 0;
  /** Wakes those that wait, so that a failure is noticed at once. */
  readonly #wakers = new Set<() => void>();

  constructor(memory: WasmMemory, options: ThreadPoolOptions) {
    this.#memory = memory;
    this.#options = options;
    this.#jobs = new Scratch(memory, 'a list of jobs');
    this.#scratch = new Scratch(memory, 'working memory of the threads');
    const address = memory.alloc(CONTROL_WORDS * WORD_BYTES, 'the block of control words of the threads');
    // Workers look at them until they have ended, which may be after the runtime.
    memory.shared.disown(address);
    memory.view('int32', address, CONTROL_WORDS).fill(0);
    this.#jobQueue = new JobQueue(memory.memory, address);
    memory.shared.addPageCount(this.#jobQueue.pageCount);
  }

  get state(): ThreadState {
    if (this.#failure) return 'failed';
    if (this.#workers.length === 0) return 'idle';
    return this.#jobQueue.started < this.#workers.length ? 'starting' : 'running';
  }

  /** Starts the workers of every kind of job, and waits until they run or have failed. */
  async ready(): Promise<void> {
    await this.#start(this.#options.threads, MOST_LOOKS);
    if (this.state === 'starting') this.#giveUp('it did not start');
  }

  /**
   * Starts the workers of jobs that the caller helps with, and waits for them, but not for long: for hosts whose workers do
   * not start while the caller is busy.
   */
  async startHelpers(): Promise<void> {
    await this.#start(this.#options.threads - 1, 1);
  }

  /** Starts workers and waits until they run. Gives up waiting after so many looks at which no further one had begun. */
  async #start(count: number, mostLooks: number): Promise<void> {
    this.#startWorkers(count);
    this.#keepAlive(1);
    try {
      const jobQueue = this.#jobQueue;
      for (let looks = 0; looks < mostLooks && this.state === 'starting'; ) {
        const { started } = jobQueue;
        await this.#wakened(jobQueue.waitForStart(started, LOOK_MS));
        looks = jobQueue.started === started ? looks + 1 : 0;
      }
    } finally {
      this.#keepAlive(-1);
    }
  }

  /** Runs a job with the caller's help. False where the caller is better off alone: nothing was done then. */
  run(jobs: JobList): boolean {
    const { mayBlock, threads } = this.#options;
    if (!mayBlock || threads < 2 || this.#busy || !this.#isWorth(jobs)) return false;
    const scratch = this.#open(jobs, threads - 1, 2);
    if (scratch === undefined) return false;
    try {
      this.#jobQueue.work(this.#memory.kernels, scratch);
      this.#wait();
    } finally {
      this.#busy = false;
    }
    return true;
  }

  /** Runs a job on the workers alone, after those before it. False where the caller must do it: nothing was done then. */
  async runAsync(jobs: JobList): Promise<boolean> {
    if (!this.#isWorth(jobs)) return false;
    const turn = this.#queue.then(() => this.#runOnWorkers(jobs));
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

  /** Has workers end by themselves, for good: the memory that they write to is not to be relied on. */
  abandon(failure: PyramidPoolError): void {
    this.#end(failure, true);
  }

  #isWorth({ elements }: JobList): boolean {
    return this.#failure === undefined && elements >= WORTH_SHARING;
  }

  /**
   * Opens work of `fewest` units or more for at most `most` workers. Gives the address of the caller's working memory, or
   * nothing where the caller must do the work: it has fewer, workers cannot be started, or there is no memory for all of
   * them.
   */
  #open(jobs: JobList, most: number, fewest = 1): number | undefined {
    const { count, scratchBytes } = jobs;
    const list = writeJobs(this.#jobs, jobs);
    const units = this.#memory.kernels.job_units(list, count) >>> 0;
    if (units < fewest) return undefined;
    const participants = Math.min(most, units);
    const scratch = this.#scratchFor((participants + 1) * scratchBytes);
    if (scratch === undefined) return undefined;
    // Last, so that memory does not grow for this job while they begin.
    this.#startWorkers(most);
    if (this.#failure !== undefined) return undefined;
    this.#jobQueue.open({
      jobs: list,
      count,
      units,
      participants,
      scratch,
      stride: scratchBytes,
    });
    this.#busy = true;
    return scratch + participants * scratchBytes;
  }

  #scratchFor(bytes: number): number | undefined {
    try {
      return this.#scratch.atLeast(bytes);
    } catch (error) {
      if (hasCode(error, 'out-of-memory')) return undefined;
      throw error;
    }
  }

  #startWorkers(count: number): void {
    const { module, workerUrl } = this.#options;
    const { memory } = this.#memory;
    while (this.#workers.length < count && this.#failure === undefined) {
      const init = { module, memory, control: this.#jobQueue.address, worker: this.#workers.length };
      try {
        this.#workers.push(platform.startWorker(init, workerUrl, (reason) => this.#giveUp(reason)));
      } catch (error) {
        this.#giveUp(messageOf(error));
      }
    }
  }

  /** Waits for chunks that workers have claimed: for a moment awake, then asleep. */
  #wait(): void {
    const jobQueue = this.#jobQueue;
    const spinUntil = performance.now() + SPIN_MS;
    while (!jobQueue.finished && performance.now() < spinUntil);
    const stalls = new StallDetector(jobQueue);
    while (!jobQueue.finished) {
      jobQueue.wait(LOOK_MS);
      // Events that tell of a dead worker cannot arrive here.
      if (jobQueue.trapped) this.#giveUp('a kernel trapped');
      if (stalls.isStalled()) this.#giveUp('it made no progress');
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  async #runOnWorkers(jobs: JobList): Promise<boolean> {
    if (this.#failure !== undefined || this.#open(jobs, this.#options.threads) === undefined) return false;
    const jobQueue = this.#jobQueue;
    const stalls = new StallDetector(jobQueue);
    this.#keepAlive(1);
    try {
      while (!jobQueue.finished && this.#failure === undefined) {
        await this.#wakened(jobQueue.waitAsync(LOOK_MS));
        // A worker that dies says so. One that never starts may not; then nothing is lost.
        if (jobQueue.trapped) this.#giveUp('a kernel trapped');
        if (jobQueue.started === 0 && stalls.isStalled()) this.#giveUp('it did not start');
      }
    } finally {
      this.#busy = false;
      this.#keepAlive(-1);
    }
    if (jobQueue.finished) return true;
    // Workers that never began leave the whole job to the caller.
    if (this.#untouched) return false;
    throw this.#failure;
  }

  /** Waits for a change, or for the failure of workers. */
  #wakened(change: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#wakers.delete(wake);
        resolve();
      };
      this.#wakers.add(wake);
      void change.then(wake);
    });
  }

  /** Has workers keep the process alive while a call waits for them. */
  #keepAlive(by: 1 | -1): void {
    this.#waiting += by;
    for (const worker of this.#workers) worker.keepAlive(this.#waiting > 0);
  }

  /** Goes on without workers, over the same memory: one that is starting may hold the lock of its allocator. */
  #giveUp(reason: string): void {
    if (this.#failure !== undefined) return;
    if (this.#jobQueue.trapped) {
      this.#memory.break(new Error(reason));
      return;
    }
    const failure = `a worker failed: ${reason}`;
    this.#end(new PyramidPoolError('worker-failed', failure), true);
    this.#options.onGivenUp(failure);
  }

  #end(failure: PyramidPoolError, gently = false): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#untouched = this.#jobQueue.stop();
    for (const worker of this.#workers.splice(0)) {
      if (gently) worker.leave();
      else worker.terminate();
    }
    for (const wake of this.#wakers) wake();
  }
}

/** Counts looks at work that makes no progress. */
class StallDetector {
  #done = -1;
  #looks = 0;

  constructor(readonly jobQueue: JobQueue) {}

  isStalled(): boolean {
    const { done } = this.jobQueue;
    this.#looks = done === this.#done ? this.#looks + 1 : 0;
    this.#done = done;
    return this.#looks >= MOST_LOOKS;
  }
}
