/** Starts other threads, in Node or in a browser. */
import type { Worker as NodeWorker } from 'node:worker_threads';
import { afterEach } from 'vitest';

export interface OtherThread {
  /** Has the thread run a command. An error there rejects, with its code. */
  call<R = unknown>(name: string, argument?: unknown): Promise<R>;
}

interface Answer {
  call: number;
  result: unknown;
  error?: { code: string; message: string };
}

const started: (() => unknown)[] = [];

/** Threads end with the test that started them. */
afterEach(() => Promise.all(started.splice(0).map((end) => end())));

export async function startThread(): Promise<OtherThread> {
  const pending = new Map<number, (answer: Answer) => void>();
  let calls = 0;
  const send = await new Promise<(message: object) => void>((resolve, reject) => {
    const hear = (answer: Answer | 'ready') => {
      if (answer === 'ready') resolve((message) => worker.then((worker) => worker.postMessage(message)));
      else pending.get(answer.call)?.(answer);
    };
    const worker = startWorker(hear, reject);
  });
  return {
    call<R>(name: string, argument?: unknown) {
      const call = calls++;
      const answer = new Promise<R>((resolve, reject) => {
        pending.set(call, ({ result, error }) => (error ? reject(error) : resolve(result as R)));
      });
      send({ call, name, argument });
      return answer;
    },
  };
}

async function startWorker(
  hear: (answer: Answer | 'ready') => void,
  fail: (reason: unknown) => void,
): Promise<NodeWorker | Worker> {
  const url = new URL('./other-thread.worker.mjs', import.meta.url);
  if (typeof Worker === 'undefined') {
    const { Worker } = await import('node:worker_threads');
    const worker = new Worker(url);
    worker.on('message', hear).on('error', fail);
    started.push(() => worker.terminate());
    return worker;
  }
  const worker = new Worker(new URL('./other-thread.worker.mjs', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => hear(data);
  worker.onerror = fail;
  started.push(() => worker.terminate());
  return worker;
}
