/** Memory stays flat: short here, a million calls by `npm run soak`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createRuntime } from 'pyramid-pool';
import { expect, inject, test } from 'vitest';
import { report } from '../fuzz/budget.js';
import { soak } from '../fuzz/soak.js';

const { calls, seed } = inject('random');

test('calls of all kinds leave no more behind than the first of them', { timeout: 7_200_000 }, async () => {
  using runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
  const collect = async () => {
    // Twice: tensors that are found dropped are freed later.
    for (let i = 0; i < 2; i++) {
      globalThis.gc?.();
      await sleep(20);
    }
  };
  const held = () => ({
    pages: runtime.memory.buffer.byteLength / 65536,
    heap: process.memoryUsage().heapUsed,
    workers: (process.report.getReport() as unknown as { workers: unknown[] }).workers.length,
  });
  const part = Math.ceil(calls / 10);
  await soak(runtime, part, seed);
  await collect();
  const before = held();
  for (let done = part; done < calls; done += part) {
    await soak(runtime, part, seed + done);
    await collect();
  }
  const after = held();
  report('soak', { calls, before, after });
  expect([before.workers, after.workers]).toEqual([2, 2]);
  // Dropped tensors wait for the garbage collector: how many wait at a time is its choice.
  expect(after.pages - before.pages).toBeLessThanOrEqual(16);
  expect(after.heap - before.heap).toBeLessThan(16e6);
});
