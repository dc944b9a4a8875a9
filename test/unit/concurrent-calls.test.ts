/** Many asynchronous calls at once: those that do not fit into memory wait for those before them. */
import { createPyramidPool, createRuntime } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { createSmallRuntime } from '../fuzz/small-memory.js';
import { canShareMemory } from './runtimes.js';

const variants = ['simd', ...(canShareMemory ? (['simd-threads'] as const) : [])] as const;

describe.each(variants)('%s', (variant) => {
  const options = { variant, threads: variant === 'simd' ? 1 : 2 };

  test('four hundred maps of 8 MB are all answered, in bounded memory', { timeout: 120_000 }, async () => {
    using runtime = await createRuntime(options);
    const pool = await createPyramidPool({ levels: [1], runtime });
    const input = { data: new Float32Array(2 ** 21).fill(3), dims: [32, 256, 256] };
    const answers = await Promise.all(Array.from({ length: 400 }, () => pool.forwardAsync(input)));
    expect(answers.every(({ data }) => data.length === 32 && data.every((value) => value === 3))).toBe(true);
    expect((runtime.memory as WebAssembly.Memory).buffer.byteLength).toBeLessThan(2 ** 29);
  });

  test('small memory: all that fit alone are answered, and those that do not are refused', async () => {
    using runtime = await createSmallRuntime(options, 400);
    const pool = await createPyramidPool({ levels: [2], runtime });
    const map = (side: number, value: number) => ({
      data: new Float32Array(side * side).fill(value),
      dims: [1, side, side],
    });
    const sides = Array.from({ length: 60 }, (_, i) => (i % 20 === 7 ? 3000 : 300 + 17 * (i % 30)));
    const settled = await Promise.allSettled(
      sides.map(async (side, i) => {
        const { output, indices } = await pool.forwardWithIndicesAsync(map(side, i));
        const gradient = await pool.backwardAsync(output, { dims: [1, side, side], indices });
        return [output.data[3], gradient.data.reduce((sum, value) => sum + value, 0)];
      }),
    );
    settled.forEach((result, i) => {
      if (sides[i] === 3000)
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'out-of-memory' } });
      else expect(result).toMatchObject({ status: 'fulfilled', value: [i, 4 * i] });
    });
  });

  test('a tensor in WASM memory that is disposed while its call waits lives until the call is over', async () => {
    using runtime = await createSmallRuntime(options, 400);
    const pool = await createPyramidPool({ levels: [1], runtime });
    const plain = { data: new Float32Array(2 ** 21).fill(1), dims: [8, 512, 512] };
    const resident = runtime.tensor([1, 512, 512]);
    resident.data.fill(5);
    const pending = [plain, plain, plain].map((input) => pool.forwardAsync(input));
    const last = pool.forwardAsync([
      resident,
      { data: new Float32Array(2 ** 20).fill(6), dims: [1, 1024, 1024] },
    ]);
    resident.dispose();
    for (const { data } of await Promise.all(pending)) expect([...data]).toEqual(Array(8).fill(1));
    expect([...(await last).data]).toEqual([5, 6]);
  });

  test('disposing the runtime or the pool rejects the calls that wait', async () => {
    const input = { data: new Float32Array(2 ** 21), dims: [8, 512, 512] };
    for (const what of ['pool', 'runtime'] as const) {
      using runtime = await createSmallRuntime(options, 400);
      const pool = await createPyramidPool({ levels: [1], runtime });
      const pending = Promise.allSettled(Array.from({ length: 8 }, () => pool.forwardAsync(input)));
      (what === 'pool' ? pool : runtime).dispose();
      const last = (await pending).at(-1);
      expect(last).toMatchObject({ status: 'rejected', reason: { code: 'disposed' } });
    }
  });

  test('the plain input of a call that waits is read when its turn comes', async () => {
    using runtime = await createSmallRuntime(options, 400);
    const pool = await createPyramidPool({ levels: [1], runtime });
    const inputs = [1, 2, 3, 4].map((value) => ({
      data: new Float32Array(2 ** 21).fill(value),
      dims: [8, 512, 512],
    }));
    const pending = inputs.map((input) => pool.forwardAsync(input));
    inputs[0]?.data.fill(9);
    const last = inputs[3] as { data: Float32Array };
    structuredClone(last.data.buffer, { transfer: [last.data.buffer as ArrayBuffer] });
    const settled = await Promise.allSettled(pending);
    expect(
      settled.slice(0, 3).map((result) => result.status === 'fulfilled' && result.value.data[0]),
    ).toEqual([1, 2, 3]);
    expect(settled[3]).toMatchObject({ status: 'rejected', reason: { code: 'invalid-data' } });
  });
});
