import { Worker } from 'node:worker_threads';
import { ExtractError, messageOf } from '../core/errors.js';
import type { Limits } from '../core/settings.js';
// The decoder must be loaded here first: threads that end would unload its libraries.
import '../images/decode.js';
import type { Reply, Request, Results } from './messages.js';

/** A request, and who waits for it. */
interface Task {
  readonly request: Request;
  readonly onProgress: (inputs: number) => void;
  resolve(result: never): void;
  reject(error: unknown): void;
  /** How many threads have died of it. */
  deaths: number;
}

interface Thread {
  readonly worker: Worker;
  task: Task | undefined;
}

/** Why requests of a pool that was ended come to nothing. */
export class PoolEnded extends Error {}

/** A request that has ended so many threads is given up. */
const MOST_DEATHS = 2;

/**
 * Threads that make vectors. Half of the memory is shared out among them evenly. The other half is for one image that takes more
 * than a share: the thread that has it is replaced afterwards, as its memory does not shrink.
 */
export class ThreadPool {
  readonly #limits: Limits;
  readonly #size: number;
  readonly #threads = new Set<Thread>();
  readonly #queue: Task[] = [];
  /** The thread that may use more than its share, and those that wait for it. */
  #large: Thread | undefined;
  readonly #waiting: Thread[] = [];
  #ended = false;

  constructor({ size, memory }: { size: number; memory: number }) {
    this.#size = size;
    this.#limits = { share: memory / 2 / size, most: memory / 2 };
  }

  /** Has a thread do it, as soon as one is free. */
  run<K extends Request['kind']>(
    request: Extract<Request, { kind: K }>,
    onProgress: (inputs: number) => void = () => {},
  ): Promise<Results[K]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({
        request,
        onProgress,
        resolve: resolve as (result: never) => void,
        reject,
        deaths: 0,
      });
      this.#assign();
    });
  }

  /** Ends all threads at once. What is under way is rejected with `PoolEnded`. */
  async end(): Promise<void> {
    this.#ended = true;
    const tasks = [...this.#queue.splice(0), ...[...this.#threads].flatMap(({ task }) => task ?? [])];
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
    for (const task of tasks) task.reject(new PoolEnded('the threads were ended'));
  }

  #assign(): void {
    while (this.#queue.length > 0 && !this.#ended) {
      const thread = this.#freeThread();
      if (!thread) return;
      thread.task = this.#queue.shift()!;
      thread.worker.postMessage(thread.task.request);
    }
  }

  #freeThread(): Thread | undefined {
    const free = [...this.#threads].find(({ task }) => !task);
    return free ?? (this.#threads.size < this.#size ? this.#start() : undefined);
  }

  #start(): Thread {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: this.#limits });
    const thread: Thread = { worker, task: undefined };
    worker.on('message', (reply: Reply) => this.#receive(thread, reply));
    worker.on('error', (error) => this.#lose(thread, messageOf(error)));
    worker.on('exit', (code) => this.#lose(thread, `it ended with code ${code}`));
    this.#threads.add(thread);
    return thread;
  }

  #receive(thread: Thread, reply: Reply): void {
    const { task } = thread;
    if (!task) return;
    if (reply.kind === 'progress') {
      task.onProgress(reply.inputs);
      return;
    }
    if (reply.kind === 'large') {
      this.#waiting.push(thread);
      this.#allowNext();
      return;
    }
    thread.task = undefined;
    if (reply.kind === 'failed') task.reject(new ExtractError(reply.message, reply.exitCode));
    else task.resolve(reply.result as never);
    if (this.#large === thread) this.#replace(thread);
    this.#assign();
  }

  #allowNext(): void {
    if (this.#large && this.#large !== this.#waiting[0]) return;
    this.#large = this.#waiting.shift();
    this.#large?.worker.postMessage({ kind: 'allowed' });
  }

  #replace(thread: Thread): void {
    this.#threads.delete(thread);
    // Only when its memory is free may another thread take as much.
    void thread.worker.terminate().then(() => this.#release(thread));
  }

  #release(thread: Thread): void {
    const place = this.#waiting.indexOf(thread);
    if (place >= 0) this.#waiting.splice(place, 1);
    if (this.#large !== thread) return;
    this.#large = undefined;
    if (this.#waiting.length > 0) this.#allowNext();
  }

  /** A thread that died: what it did is done again by another, but not for ever. */
  #lose(thread: Thread, why: string): void {
    if (this.#ended || !this.#threads.delete(thread)) return;
    this.#release(thread);
    const { task } = thread;
    thread.task = undefined;
    if (task && ++task.deaths >= MOST_DEATHS) {
      task.reject(
        new ExtractError(`a thread died ${MOST_DEATHS} times over ${nameOf(task.request)}: ${why}`),
      );
    } else if (task) this.#queue.unshift(task);
    this.#assign();
  }
}

function nameOf(request: Request): string {
  return request.kind === 'part' ? request.shard.name : request.kind === 'probe' ? 'the model' : 'a sample';
}
