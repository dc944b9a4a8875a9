/** Large jobs on threads give the same bits as on one thread. */
import { attachRuntime, createPyramidPool, createRuntime } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { expectBits, expectSame } from './bits.js';
import { canShareMemory, useRuntime } from './runtimes.js';

/** Half a million cells with ties, zeros of both signs and NaN: large enough to be shared. */
function large(seed = 1) {
  const data = Float32Array.from({ length: 64 * 96 * 96 }, (_, i) => {
    const value = Math.imul(i + seed, 2654435761) >>> 24;
    return value === 0 ? Number.NaN : value < 64 ? -0 : (value % 16) - 12;
  });
  return { data, dims: [1, 64, 96, 96] };
}

describe.runIf(canShareMemory)('threads', () => {
  const alone = useRuntime({ variant: 'simd' });
  const shared = useRuntime({ variant: 'simd-threads', threads: 3 });
  const pools = () =>
    Promise.all([alone(), shared()].map((runtime) => createPyramidPool({ levels: [6, 3, 2, 1], runtime })));

  test('give the bits of one thread', async () => {
    const [one, many] = (await pools()) as [
      Awaited<ReturnType<typeof createPyramidPool>>,
      Awaited<ReturnType<typeof createPyramidPool>>,
    ];
    for (let i = 0; i < 20; i++) {
      const input = large(i);
      const expected = one.forwardWithIndices(input);
      const context = { dims: input.dims, indices: expected.indices };
      const gradient = one.backward(expected.output, context);
      const sync = many.forwardWithIndices(input);
      const later = await many.forwardWithIndicesAsync(input);
      for (const { output, indices } of [sync, later]) {
        expectBits(output.data, expected.output.data, 'output');
        expectSame(indices.data, expected.indices.data, 'indices');
      }
      expectBits(many.backward(expected.output, context).data, gradient.data, 'gradient');
      expectBits((await many.backwardAsync(expected.output, context)).data, gradient.data, 'gradient, async');
    }
  });

  test('asynchronous calls wait for each other, and synchronous ones in between do not', async () => {
    const [one, many] = (await pools()) as [
      Awaited<ReturnType<typeof createPyramidPool>>,
      Awaited<ReturnType<typeof createPyramidPool>>,
    ];
    const inputs = Array.from({ length: 8 }, (_, i) => large(100 + i));
    const expected = inputs.map((input) => one.forward(input).data);
    const pending = inputs.map((input) => many.forwardAsync(input));
    inputs.forEach((input, i) => {
      expectBits(many.forward(input).data, expected[i] as Float32Array, `sync ${i}`);
    });
    (await Promise.all(pending)).forEach(({ data }, i) => {
      expectBits(data, expected[i] as Float32Array, `async ${i}`);
    });
  });

  test('an input may be changed once an asynchronous call has returned', async () => {
    const [one, many] = (await pools()) as [
      Awaited<ReturnType<typeof createPyramidPool>>,
      Awaited<ReturnType<typeof createPyramidPool>>,
    ];
    const input = large(7);
    const expected = one.forward(input).data;
    const pending = many.forwardAsync(input);
    input.data.fill(99);
    expectBits((await pending).data, expected, 'output');
  });

  test('a tensor disposed during a call lives until the call is over', async () => {
    const [one, many] = (await pools()) as [
      Awaited<ReturnType<typeof createPyramidPool>>,
      Awaited<ReturnType<typeof createPyramidPool>>,
    ];
    const input = large(8);
    const x = shared().tensor(input.dims);
    x.data.set(input.data);
    const pending = many.forwardAsync(x);
    x.dispose();
    using other = shared().tensor(input.dims);
    other.data.fill(99);
    expectBits((await pending).data, one.forward(input).data, 'output');
  });

  test('disposing a runtime rejects the calls under way', async () => {
    const runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
    const pool = await createPyramidPool({ levels: [1], runtime });
    const pending = [large(1), large(2)].map((input) => pool.forwardAsync(input));
    await Promise.resolve();
    runtime.dispose();
    for (const call of pending) await expect(call).rejects.toMatchObject({ code: 'disposed' });
  });

  test('runtimes come and go', async () => {
    for (let i = 0; i < 20; i++) {
      using runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
      const pool = await createPyramidPool({ levels: [2], runtime });
      const { data } = await pool.forwardAsync(large(i));
      expect(data.length).toBe(256);
    }
  });
});

/** A worker of a browser: there `createRuntime` starts the workers. */
const startsAtOnce = typeof process === 'undefined' && typeof document === 'undefined';

describe.runIf(canShareMemory)('ready', () => {
  test('starts the workers and tells that they run', async () => {
    using runtime = await createRuntime({ variant: 'simd-threads', threads: 3 });
    expect(runtime.threadState).toBe(startsAtOnce ? 'running' : 'idle');
    const ready = runtime.ready();
    expect(runtime.threadState).toBe('starting');
    expect(await ready).toBe('running');
    expect(runtime).toMatchObject({ threadState: 'running', threads: 3, fallback: undefined });
    // Once is enough, and any number of times is as well.
    expect(await Promise.all([runtime.ready(), runtime.ready()])).toEqual(['running', 'running']);
  });

  test('may be called during calls, and before them', async () => {
    using runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
    const pool = await createPyramidPool({ levels: [2], runtime });
    const [before, state, after] = await Promise.all([
      pool.forwardAsync(large(1)),
      runtime.ready(),
      pool.forwardAsync(large(2)),
    ]);
    expect(state).toBe('running');
    expectBits(before.data, pool.forward(large(1)).data, 'before');
    expectBits(after.data, pool.forward(large(2)).data, 'after');
  });

  test('calls start the workers too', async () => {
    using runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
    const pool = await createPyramidPool({ levels: [2], runtime });
    await pool.forwardAsync(large());
    expect(['starting', 'running']).toContain(runtime.threadState);
    expect(await runtime.ready()).toBe('running');
  });

  test('of a disposed runtime rejects, also when it was disposed meanwhile', async () => {
    const runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
    const ready = runtime.ready();
    runtime.dispose();
    await expect(ready).rejects.toMatchObject({ code: 'disposed' });
    await expect(runtime.ready()).rejects.toMatchObject({ code: 'disposed' });
    expect(runtime.threadState).toBe('idle');
  });

  test('of an attached runtime has nothing to start', async () => {
    using runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
    using attached = await attachRuntime(runtime.handle());
    expect(await attached.ready()).toBe('idle');
  });
});

describe('without threads', () => {
  const alone = useRuntime({ variant: 'simd' });

  test('there is nothing to start', async () => {
    expect(await alone().ready()).toBe('idle');
    expect(alone().threadState).toBe('idle');
  });

  test('asynchronous calls give the same answers', async () => {
    const pool = await createPyramidPool({ levels: [3, 1], runtime: alone() });
    expectBits((await pool.forwardAsync(large())).data, pool.forward(large()).data, 'output');
  });
});
