/** The words that threads share, seen from one thread that plays both parts. */
import { expect, test, vi } from 'vitest';
import type { Kernels } from '../../ts/core/variant.js';
import { JobQueue } from '../../ts/threads/job-queue.js';

test('a worker hears of grown memory before it runs a chunk of the job that may use it', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
  const caller = new JobQueue(memory, 0);
  const worker = new JobQueue(memory, 0);
  const grow = vi.spyOn(memory, 'grow');
  /** Serves one job of two chunks, and gives how often memory was asked for its size before each. */
  const serveOne = () => {
    const asked: number[] = [];
    const run = () => {
      asked.push(grow.mock.calls.length);
      if (asked.length === 2) caller.stop();
    };
    new Int32Array(memory.buffer).fill(0);
    caller.open({ jobs: 0, count: 1, units: 2, participants: 1, scratch: 0, stride: 0 });
    worker.serve({ run } as unknown as Kernels, 0);
    return asked;
  };
  expect(serveOne()).toEqual([1, 1]);
  expect(serveOne()).toEqual([1, 1]);
  memory.grow(2);
  expect(serveOne()).toEqual([3, 3]);
  expect(grow).toHaveBeenLastCalledWith(0);
});
