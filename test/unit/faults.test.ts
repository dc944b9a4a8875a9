/** Memory that cannot grow, many runtimes, and many calls at once. */
import { createPyramidPool, createRoiPyramidPool, createRuntime, type Runtime } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { createSmallRuntime } from '../fuzz/small-memory.js';
import { expectBits } from './bits.js';
import { canShareMemory } from './runtimes.js';

const variants = ['scalar', 'simd', ...(canShareMemory ? (['simd-threads'] as const) : [])] as const;

describe.each(variants)('%s with memory that cannot grow', (variant) => {
  const make = (pages: number) =>
    createSmallRuntime({ variant, ...(variant === 'simd-threads' && { threads: 2 }) }, pages);
  const levels = [6, 3, 2, 1];
  const map = (side: number) => ({ data: new Float32Array(side * side).fill(7), dims: [1, side, side] });
  const codeOf = (call: () => unknown) => {
    try {
      call();
      return undefined;
    } catch (error) {
      return (error as { code: unknown }).code;
    }
  };

  test('calls of every size give an answer or say that memory is out, and small ones go on', async () => {
    using runtime = await make(40);
    const pool = await createPyramidPool({ levels, runtime });
    const regions = await createRoiPyramidPool({ levels, runtime });
    const rois = { data: new Float32Array(5 * 300), dims: [300, 5] };
    const found = new Map<unknown, number>();
    for (let side = 16; side < 1200; side += 37) {
      const code = codeOf(() => {
        const { output, indices } = pool.forwardWithIndices(map(side));
        expect(output.data.every((value) => value === 7)).toBe(true);
        pool.backward(output, { dims: [1, side, side], indices });
        regions.forwardWithIndices(map(side), rois);
      });
      found.set(code, (found.get(code) ?? 0) + 1);
      expect(pool.forward(map(8)).data[0]).toBe(7);
    }
    expect([...found.keys()].sort()).toEqual(['out-of-memory', undefined]);
  });

  test('plans of every size are made or refused', async () => {
    using runtime = await make(24);
    for (let n = 1; n < 600; n = Math.ceil(n * 1.6)) {
      for (const grid of [
        [n, n],
        [1, n * n],
        [n * n, 1],
      ] as const) {
        for (const layout of ['NCHW', 'NHWC'] as const) {
          const pool = await createPyramidPool({ levels: [grid, 1], layout, runtime });
          for (const dims of [
            [1, 3, 5],
            [1, 1, 3000],
            [1, 3000, 1],
            [0, 1, 40000, 1],
            [0, 1, 1, 40000],
          ]) {
            const all = layout === 'NCHW' ? dims : [...dims.slice(0, -3), ...dims.slice(-2), 1];
            const data = new Float32Array(all.reduce((product, size) => product * size, 1));
            expect(['out-of-memory', 'invalid-dims', undefined]).toContain(
              codeOf(() => pool.forwardWithIndices({ data, dims: all })),
            );
          }
        }
      }
    }
    const pool = await createPyramidPool({ levels: [1], runtime });
    expect(pool.forward(map(8)).data[0]).toBe(7);
  });

  test('any number of regions is pooled or refused', async () => {
    using runtime = await make(40);
    const found = new Set<unknown>();
    for (const layout of ['NCHW', 'NHWC'] as const) {
      const regions = await createRoiPyramidPool({ levels, layout, runtime });
      for (let count = 1; count < 30_000; count = Math.ceil(count * 1.2)) {
        const rois = { data: new Float32Array(5 * count), dims: [count, 5] };
        const input = layout === 'NCHW' ? map(20) : { ...map(20), dims: [20, 20, 1] };
        found.add(codeOf(() => regions.forwardWithIndices(input, rois)));
      }
    }
    expect([...found].sort()).toEqual(['out-of-memory', undefined]);
  });

  test('memory that tensors hold is there again once they are disposed', async () => {
    using runtime = await make(64);
    const fill = () => {
      const tensors = [];
      for (;;) {
        try {
          tensors.push(runtime.tensor([1000]));
        } catch (error) {
          expect(error).toMatchObject({ code: 'out-of-memory' });
          for (const tensor of tensors) tensor.dispose();
          return tensors.length;
        }
      }
    };
    const first = fill();
    expect(first).toBeGreaterThan(300);
    for (let i = 0; i < 10; i++) expect(fill()).toBe(first);
  });

  test('asynchronous calls in a crowd are answered or told that memory is out', async () => {
    using runtime = await make(400);
    const pool = await createPyramidPool({ levels, runtime });
    const pending = Array.from({ length: 60 }, () => pool.forwardAsync(map(700)));
    const settled = await Promise.allSettled(pending);
    for (const result of settled) {
      if (result.status === 'fulfilled') expect(result.value.data[49]).toBe(7);
      else expect(result.reason).toMatchObject({ code: 'out-of-memory' });
    }
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(3);
    expect((await pool.forwardAsync(map(700))).data[0]).toBe(7);
  });
});

test('two hundred runtimes at a time work, or the last ones are refused', { timeout: 120_000 }, async () => {
  const runtimes: Runtime[] = [];
  for (let i = 0; i < 200; i++) {
    const variant = variants[i % variants.length];
    try {
      runtimes.push(await createRuntime({ variant, threads: 2 }));
    } catch (error) {
      expect(error).toMatchObject({ code: 'out-of-memory' });
    }
  }
  expect(runtimes.length).toBeGreaterThan(20);
  for (const [i, runtime] of runtimes.entries()) {
    const pool = await createPyramidPool({ levels: [1], runtime });
    expect(pool.forward({ data: Float32Array.of(1, i + 2), dims: [1, 1, 2] }).data[0]).toBe(i + 2);
  }
  for (const runtime of runtimes) runtime.dispose();
  using last = await createRuntime();
  expect(last.disposed).toBe(false);
});

test('a hundred calls under way at a time, of all kinds', async () => {
  using alone = await createRuntime({ variant: 'scalar' });
  using shared = await createRuntime(canShareMemory ? { variant: 'simd-threads', threads: 3 } : {});
  const [expected, pool] = (await Promise.all(
    [alone, shared].map((runtime) => createPyramidPool({ levels: [5, 2, 1], runtime })),
  )) as [Awaited<ReturnType<typeof createPyramidPool>>, Awaited<ReturnType<typeof createPyramidPool>>];
  const inputs = Array.from({ length: 50 }, (_, i) => {
    const dims = [1, 1 + (i % 40), 20 + i, 90 - i];
    const length = dims.reduce((product, size) => product * size, 1);
    return { data: Float32Array.from({ length }, (_, j) => Math.imul(j + i, 2654435761) >> 20), dims };
  });
  const pending = inputs.map(async (input, i) => {
    const { output, indices } = await pool.forwardWithIndicesAsync(input);
    const gradient = await pool.backwardAsync(output, { dims: input.dims, indices });
    const right = expected.forwardWithIndices(input);
    expectBits(output.data, right.output.data, `output ${i}`);
    expectBits(
      gradient.data,
      expected.backward(right.output, { dims: input.dims, ...right }).data,
      `gradient ${i}`,
    );
  });
  await Promise.all(pending);
});
