/** The allocator of the module: blocks do not overlap, what is given back is used again, and a host may grow the memory as well. */
import { createRuntime, type ResidentTensor } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { words } from '../corpus/random.mjs';
import { runtimeName, testedRuntimes } from './runtimes.js';

// The allocator is the same whatever the number of threads.
const runtimes = testedRuntimes.filter(({ threads = 2 }) => threads === 2);

test.each(runtimes.map((options) => [runtimeName(options), options] as const))(
  'tensors of random sizes keep their values and give their memory back: %s',
  async (_, options) => {
    const runtime = await createRuntime(options);
    const memory = runtime.memory as WebAssembly.Memory;
    const random = words(7);
    const live: ResidentTensor[] = [];
    const mark = (tensor: ResidentTensor) => tensor.data.length % 251;
    const pages: number[] = [];
    for (let i = 0; i < 1500; i++) {
      // Few large ones among many small ones.
      const length = 1 + (random() % 10 ** (1 + (i % 4)));
      const tensor = runtime.tensor([length]);
      expect(tensor.data.byteOffset % 64).toBe(0);
      tensor.data.fill(mark(tensor));
      live.push(tensor);
      if (i % 500 === 250) memory.grow(1);
      if (live.length > 60) {
        const [gone] = live.splice(random() % live.length, 1) as [ResidentTensor];
        expect(gone.data.every((value) => value === mark(gone))).toBe(true);
        gone.dispose();
      }
      if (i % 500 === 499) pages.push(memory.buffer.byteLength / 65536);
    }
    for (const tensor of live) tensor.dispose();
    // No more than the host's page and what a tensor more takes.
    expect((pages[2] as number) - (pages[1] as number)).toBeLessThanOrEqual(2);
    await runtime.dispose();
  },
);
