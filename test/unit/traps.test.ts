/** Kernels that trap: nothing runs in that runtime any more, and its memory is not used again. */
import {
  attachRuntime,
  createPyramidPool,
  createRoiPyramidPool,
  createRuntime,
  type PyramidPool,
  type Runtime,
} from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { withExports } from './exports.js';
import { canShareMemory } from './runtimes.js';

const variants = ['simd', ...(canShareMemory ? (['simd-threads'] as const) : [])] as const;

/** Makes a runtime whose kernels of a name that begins so trap once `trap` is called: with `run`, `run_checked` traps too. */
async function breakable(
  name: string,
  make: () => Promise<Runtime>,
): Promise<{ runtime: Runtime; trap: () => void }> {
  let broken = false;
  const runtime = await withExports(make, (called) => {
    if (broken && called.startsWith(name)) throw new WebAssembly.RuntimeError('unreachable');
  });
  return { runtime, trap: () => (broken = true) };
}

const broken = expect.objectContaining({
  code: 'runtime-broken',
  message: expect.stringContaining('createRuntime'),
});
const map = (channels = 64, value = 2) => ({
  data: new Float32Array(channels * 96 * 96).fill(value),
  dims: [1, channels, 96, 96],
});

describe.each(variants)('%s', (variant) => {
  const threads = variant === 'simd' ? 1 : 2;

  const called = ['run', 'alloc', 'free', 'plan_new', 'plan_scratch', 'first_bad_index'];
  // Threads alone divide a job.
  if (threads > 1) called.push('job_units');

  test.each(called)('a trap in %s', async (name) => {
    const heard: string[] = [];
    const onFallback = (reason: string) => heard.push(reason);
    const { runtime, trap } = await breakable(name, () => createRuntime({ variant, threads, onFallback }));
    const pool = await createPyramidPool({ levels: [2], runtime });
    const regions = await createRoiPyramidPool({ levels: [2], runtime });
    const tensor = runtime.tensor([4]);
    const { output, indices } = pool.forwardWithIndices(map());
    const context = { dims: map().dims, indices };
    trap();
    const other = { ...map(), dims: [1, 64, 48, 192] };
    // Pages divide asynchronous calls alone.
    if (name === 'job_units') await expect(pool.forwardAsync(other)).rejects.toEqual(broken);
    else expect(() => pool.backward(pool.forward(other), context)).toThrow(broken);
    for (const call of [
      () => pool.forward(map()),
      () => pool.forward(map(1)),
      () => pool.forwardWithIndices(map()),
      () => pool.backward(output, context),
      () => pool.binBounds(4, 4),
      () => regions.forward(map(), { data: new Float32Array(5), dims: [1, 5] }),
      () => runtime.tensor([1]),
    ])
      expect(call).toThrow(broken);
    await expect(pool.forwardAsync(map())).rejects.toEqual(broken);
    await expect(createPyramidPool({ levels: [1], runtime })).rejects.toEqual(broken);
    expect(runtime.fallback).toContain('broken');
    expect(heard).toEqual([runtime.fallback]);
    // What was in the tensor can still be saved.
    expect([...tensor.data]).toEqual([0, 0, 0, 0]);
    tensor.dispose();
    runtime.dispose();
    expect(() => pool.forward(map())).toThrow(expect.objectContaining({ code: 'disposed' }));
  });

  test.runIf(variant === 'simd-threads')('a trap in the caller while workers are at the job', async () => {
    const { runtime, trap } = await breakable('run', () => createRuntime({ variant, threads: 3 }));
    const pool = await createPyramidPool({ levels: [6, 3, 2, 1], runtime });
    const later = [pool.forwardAsync(map(256)), pool.forwardAsync(map(256))];
    await Promise.resolve();
    trap();
    const settled = Promise.allSettled(later);
    // Workers that run already may leave nothing of a call to the caller.
    expect(() => {
      for (let i = 0; i < 100; i++) pool.forward(map(256));
    }).toThrow(broken);
    for (const result of await settled)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'runtime-broken' } });
    runtime.dispose();
  });
});

test.runIf(canShareMemory)('a trap breaks all runtimes over the memory', async () => {
  for (const breaksOwner of [true, false]) {
    const owner = await breakable('run', () => createRuntime({ variant: 'simd-threads', threads: 1 }));
    const handle = owner.runtime.handle();
    const attached = await breakable('run', () => attachRuntime(handle));
    const another = await attachRuntime(handle);
    const pools = await Promise.all(
      [owner.runtime, attached.runtime, another].map((runtime) =>
        createPyramidPool({ levels: [1], runtime }),
      ),
    );
    for (const pool of pools) expect(pool.forward(map(1)).data[0]).toBe(2);
    const [first, second, third] = pools as [PyramidPool, PyramidPool, PyramidPool];
    const tensor = another.tensor([2]);
    (breaksOwner ? owner : attached).trap();
    expect(() => (breaksOwner ? first : second).forward(map(1))).toThrow(broken);
    for (const pool of [third, second, first]) {
      expect(() => pool.forward(map(1))).toThrow(broken);
      await expect(pool.forwardAsync(map(1))).rejects.toEqual(broken);
    }
    expect(another.fallback).toContain('broken');
    await expect(attachRuntime(handle)).rejects.toEqual(broken);
    expect([...tensor.data]).toEqual([0, 0]);
    tensor.dispose();
    for (const runtime of [another, attached.runtime, owner.runtime]) runtime.dispose();
  }
});

test('the default runtime is made anew', async () => {
  const { dispose } = (await createPyramidPool({ levels: [1] })).runtime;
  expect(dispose).toBeTypeOf('function');
  (await createPyramidPool({ levels: [1] })).runtime.dispose();
  const { runtime, trap } = await breakable('run', async () => {
    const pool = await createPyramidPool({ levels: [1] });
    // Where the runtime has threads, the second call makes a second instance, over memory that is not shared.
    for (let call = 0; call < 2; call++) pool.forward(map(1));
    return pool.runtime;
  });
  const pool = await createPyramidPool({ levels: [1] });
  expect(pool.runtime).toBe(runtime);
  trap();
  expect(() => pool.forward(map(1))).toThrow(broken);
  expect(() => runtime.tensor([1])).toThrow(broken);
  const next = await createPyramidPool({ levels: [1] });
  expect(next.runtime).not.toBe(runtime);
  expect(next.forward(map(1)).data[0]).toBe(2);
});
