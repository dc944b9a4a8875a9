/** Tensors that are dropped without `dispose` give their memory back once they were garbage collected. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runtime } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { createSmallRuntime } from '../fuzz/small-memory.js';

/** 64 MiB, and tensors of which two do not fit. */
const PAGES = 1024;
const dims = [10 * 2 ** 20];

const ways: Record<string, (runtime: Runtime) => void> = {
  'a tensor': (runtime) => {
    runtime.tensor(dims);
  },
  'a tensor that was shared': (runtime) => {
    runtime.tensor(dims).handle();
  },
  'both tensors over one memory': (runtime) => {
    runtime.adopt(runtime.tensor(dims).handle());
  },
};

test.each([
  ['simd', 'a tensor'],
  ['simd-threads', 'a tensor'],
  ['simd-threads', 'a tensor that was shared'],
  ['simd-threads', 'both tensors over one memory'],
] as const)('%s: %s', async (variant, way) => {
  using runtime = await createSmallRuntime({ variant }, PAGES);
  for (let i = 0; i < 5; i++) {
    ways[way]?.(runtime);
    expect(() => runtime.tensor(dims)).toThrow('cannot grow that far');
    await freed(runtime);
  }
});

/** Collects garbage until there is room for a tensor. */
async function freed(runtime: Runtime): Promise<void> {
  for (let look = 0; ; look++) {
    globalThis.gc?.();
    await sleep(10);
    try {
      return runtime.tensor(dims).dispose();
    } catch (error) {
      if (look === 500) throw error;
    }
  }
}
