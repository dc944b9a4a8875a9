/** The words that threads share, read and written here by one thread in both roles. */
import { expect, test, vi } from 'vitest';
import type { Kernels } from '../../ts/core/variant.js';
import { JobQueue } from '../../ts/threads/job-queue.js';

test('a worker hears of grown memory before it runs a chunk of the job that may use it', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
  const caller = new JobQueue(memory, 0);
  const worker = new JobQueue(memory, 0);
  const grow = vi.spyOn(memory, 'grow');
  const open = () => caller.open({ jobs: 0, count: 1, units: 2, participants: 1, scratch: 0, stride: 0 });
  /** How often the worker had asked for the size of memory before each chunk. */
  const asked: number[] = [];
  const run = () => {
    asked.push(grow.mock.calls.filter(([pages]) => pages === 0).length);
    if (asked.length === 2) open();
    if (asked.length === 4) {
      memory.grow(2);
      open();
    }
    if (asked.length === 6) caller.stop();
  };
  open();
  worker.serve({ run } as unknown as Kernels, 0);
  // Once at its start, and once more for the job that was opened after memory had grown.
  expect(asked).toEqual([1, 1, 1, 1, 2, 2]);
});

test.each([true, false])(
  'waits without blocking until a worker starts, %s: with Atomics.waitAsync',
  async (has) => {
    const { waitAsync } = Atomics;
    if (!has) Object.assign(Atomics, { waitAsync: undefined });
    try {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      const queue = new JobQueue(memory, 0);
      let waited = false;
      const waiting = queue.waitForStart(0, 10_000).then(() => {
        waited = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(waited).toBe(false);
      queue.stop();
      new JobQueue(memory, 0).serve({} as Kernels, 0);
      await waiting;
      expect(queue.started).toBe(1);
      // Nobody else starts: the wait ends by its time.
      await queue.waitForStart(1, 20);
    } finally {
      Object.assign(Atomics, { waitAsync });
    }
  },
);
