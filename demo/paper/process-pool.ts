import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Checkpoints } from './checkpoints.js';
import type { Answer, Order } from './messages.js';
import type { Scale } from './scale.js';
import type { Results, Task } from './tasks.js';

export interface ProcessPoolEvents {
  onStart(task: Task): void;
  onProgress(task: Task, share: number): void;
  onEnd(task: Task, seconds: number): void;
}

interface Waiting {
  readonly task: Task;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** Processes that take tasks from one queue. The first failure ends them all. */
export class ProcessPool {
  readonly #events: ProcessPoolEvents;
  readonly #checkpoints: Checkpoints;
  readonly #idle: ChildProcess[];
  readonly #all: readonly ChildProcess[];
  readonly #queue: Waiting[] = [];

  constructor(size: number, scale: Scale, checkpoints: Checkpoints, events: ProcessPoolEvents) {
    this.#events = events;
    this.#checkpoints = checkpoints;
    this.#all = Array.from({ length: size }, () => start(scale));
    this.#idle = [...this.#all];
  }

  /** Does a task after those that wait. */
  do<T extends Task>(task: T): Promise<Results[T['kind']]> {
    return this.#take(task, (waiting) => this.#queue.push(waiting));
  }

  /** Does a task before those that wait: for the longest ones. */
  doNext<T extends Task>(task: T): Promise<Results[T['kind']]> {
    return this.#take(task, (waiting) => this.#queue.unshift(waiting));
  }

  async #take<T extends Task>(task: T, enqueue: (waiting: Waiting) => void): Promise<Results[T['kind']]> {
    const known = await this.#checkpoints.resultOf(task);
    if (known) {
      this.#events.onEnd(task, 0);
      return known as Results[T['kind']];
    }
    const result = await new Promise<Results[T['kind']]>((resolve, reject) => {
      enqueue({ task, resolve, reject });
      this.#next();
    });
    await this.#checkpoints.keep(task, result);
    return result;
  }

  end(): void {
    for (const child of this.#all) child.kill();
  }

  #next(): void {
    if (this.#queue.length === 0) return;
    const child = this.#idle.pop();
    if (!child) return;
    const { task, resolve, reject } = this.#queue.shift() as Waiting;
    const started = performance.now();
    this.#events.onStart(task);
    const leave = () => child.off('message', onMessage).off('exit', onExit);
    const onExit = (code: number | null) => {
      leave();
      reject(new Error(`A process ended with code ${code} in the middle of its work.`));
    };
    const onMessage = (answer: Answer) => {
      if ('share' in answer) return this.#events.onProgress(task, answer.share);
      leave();
      if ('failure' in answer) return reject(new Error(answer.failure));
      this.#events.onEnd(task, (performance.now() - started) / 1000);
      this.#idle.push(child);
      resolve(answer.result as never);
      this.#next();
    };
    child.on('message', onMessage).on('exit', onExit);
    child.send({ task } satisfies Order);
  }
}

function start(scale: Scale): ChildProcess {
  const file = fileURLToPath(new URL('worker-process.ts', import.meta.url));
  // Arrays of weights go as they are.
  const child = fork(file, { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
  child.send({ scale } satisfies Order);
  return child;
}
