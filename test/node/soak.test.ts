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
  const parts = 10;
  const seen: ReturnType<typeof held>[] = [];
  for (let part = 0; part < parts; part++) {
    await soak(runtime, Math.ceil(calls / parts), seed + part);
    await collect();
    seen.push(held());
  }
  const [pages, heap, workers] = (['pages', 'heap', 'workers'] as const).map((name) =>
    seen.map((it) => it[name]),
  );
  report('soak', { calls, pages, heap });
  expect(new Set(workers)).toEqual(new Set([2]));
  // Dropped tensors wait for the garbage collector, and how many wait at a time is its choice.
  expect((pages?.at(-1) as number) - (pages?.[4] as number)).toBeLessThanOrEqual(32);
  expect((heap?.at(-1) as number) - (heap?.[4] as number)).toBeLessThan(16e6);
});
