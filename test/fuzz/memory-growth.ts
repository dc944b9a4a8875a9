/** Whether memory and workers grow while a process works. Node only. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runtime } from 'pyramid-pool';
import { expect } from 'vitest';

const LOOKS = 10;

/** Does `work` in ten parts and reads memory and workers after each. Fails if memory grows, or the number of workers changes. */
export async function expectFlatMemory(
  runtime: Runtime,
  work: (part: number, parts: number) => Promise<void>,
) {
  const pages: number[] = [];
  const heap: number[] = [];
  const rss: number[] = [];
  const workers = new Set<number>();
  for (let part = 0; part < LOOKS; part++) {
    await work(part, LOOKS);
    await collect();
    pages.push(runtime.memory.buffer.byteLength / 65536);
    const { heapUsed, rss: resident } = process.memoryUsage();
    heap.push(heapUsed);
    rss.push(resident);
    workers.add(countWorkers());
  }
  const growth = (of: number[]) => (of.at(-1) as number) - (of[LOOKS / 2 - 1] as number);
  // Dropped tensors wait for the garbage collector, and how many wait at a time is its choice.
  expect(growth(pages)).toBeLessThanOrEqual(32);
  expect(growth(heap)).toBeLessThan(16e6);
  expect([...workers]).toEqual([expect.any(Number)]);
  return { pages, heap, rss };
}

async function collect(): Promise<void> {
  // Twice: tensors that are found dropped are freed later.
  for (let i = 0; i < 2; i++) {
    globalThis.gc?.();
    await sleep(20);
  }
}

function countWorkers(): number {
  return (process.report.getReport() as unknown as { workers: unknown[] }).workers.length;
}
