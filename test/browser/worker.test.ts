/** The same tests inside a worker, where synchronous calls may block and so use the threads. */
import { expect, test } from 'vitest';
import type { Outcome } from './tests.worker.js';

const files = Object.keys(import.meta.glob('../unit/*.test.ts'));

test.for(files)('%s in a worker', async (path, { task }) => {
  const worker = new Worker(new URL('./tests.worker.ts', import.meta.url), { type: 'module' });
  const { passed, failures, variants } = await new Promise<Outcome>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(path);
  });
  worker.terminate();
  expect(failures).toEqual([]);
  expect(passed).toBeGreaterThan(0);
  task.meta.variants = variants;
});
