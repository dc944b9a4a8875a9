/** Tests of test/unit inside a worker, where synchronous calls may block and so use the threads. */
import { expect, inject, test } from 'vitest';
import type { Outcome } from './tests.worker.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The files that run in workers of each kind of page, as regular expressions. */
    inWorkers: { isolated: string; others: string };
  }
}

const { isolated, others } = inject('inWorkers');
const chosen = new RegExp(crossOriginIsolated ? isolated : others);
const files = Object.keys(import.meta.glob('../unit/*.test.ts')).filter((path) => chosen.test(path));

test.for(files)('%s in a worker', async (path, { task }) => {
  const worker = new Worker(new URL('./tests.worker.ts', import.meta.url), { type: 'module' });
  let running = 'nothing';
  const told = new Promise<Outcome>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Outcome | string>) => {
      if (typeof data === 'string') running = data;
      else resolve(data);
    };
    worker.onerror = ({ message }) => reject(new Error(message));
    // Before vitest's own timeout, whose message says less.
    setTimeout(() => reject(new Error(`the worker is still busy with: ${running}`)), 55_000);
    worker.postMessage(path);
  });
  const { passed, failures, variants } = await told.finally(() => worker.terminate());
  expect(failures).toEqual([]);
  expect(passed).toBeGreaterThan(0);
  task.meta.variants = variants;
});
