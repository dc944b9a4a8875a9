/** One memory, several threads: runtimes and tensors that are passed on by their handles. */
import {
  attachRuntime,
  createPyramidPool,
  createRuntime,
  type PyramidPoolError,
  type Runtime,
  type RuntimeHandle,
  type TensorHandle,
} from 'pyramid-pool';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectBits, expectSame } from '../unit/bits.js';
import { canShareMemory } from '../unit/runtimes.js';
import { startThread } from './other-thread.js';

const levels = [4, 2, 1];

function random(...dims: number[]) {
  const length = dims.reduce((a, b) => a * b, 1);
  return { dims, data: Float32Array.from({ length }, (_, i) => Math.sin(i * i + length)) };
}

/** Pools on a runtime that shares nothing with the tests'. */
async function expected(input: { data: Float32Array; dims: number[] }) {
  using runtime = await createRuntime({ variant: 'simd' });
  return (await createPyramidPool({ levels, runtime })).forwardWithIndices(input);
}

const codeOf = (call: () => unknown) =>
  Promise.resolve()
    .then(call)
    .then(
      () => 'no error',
      (error: PyramidPoolError) => error.code,
    );

describe.runIf(canShareMemory)('shared memory', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
  });
  afterEach(() => runtime.dispose());

  /** A thread that is attached to the runtime. */
  async function attachedThread() {
    const thread = await startThread();
    await thread.call('attach', runtime.handle());
    return thread;
  }

  test('an attached runtime says what it is', async () => {
    const thread = await startThread();
    expect(await thread.call('attach', runtime.handle())).toEqual({
      variant: 'simd-threads',
      threads: 1,
      fallback: 'an attached runtime computes on the thread that it was attached in',
    });
  });

  test('a worker writes a map straight into a tensor, and another thread pools it where it lies', async () => {
    const thread = await attachedThread();
    const pool = await createPyramidPool({ levels, runtime });
    using map = runtime.tensor([2, 5, 13, 17]);
    using output = runtime.tensor(pool.outputDims(map.dims));
    const at = await thread.call('adopt', map.handle());
    const bytes = runtime.memory.buffer.byteLength;
    for (const input of [random(2, 5, 13, 17), random(2, 5, 13, 17)]) {
      input.data.reverse();
      await thread.call('write', { at, data: input.data });
      expectBits(map.data, input.data, 'map');
      pool.forward(map, { out: output });
      expectBits(output.data, (await expected(input)).output.data, 'output');
    }
    expect(runtime.memory.buffer.byteLength).toBe(bytes);
  });

  test('a worker pools what this thread wrote, into tensors that this thread reads', async () => {
    const thread = await attachedThread();
    const input = random(3, 7, 10, 9);
    const want = await expected(input);
    using map = runtime.tensor(input.dims);
    using output = runtime.tensor(want.output.dims);
    using indices = runtime.tensor(want.indices.dims, 'int32');
    map.data.set(input.data);
    const [first, second, third] = await Promise.all(
      [map, output, indices].map((tensor) => thread.call('adopt', tensor.handle())),
    );
    await thread.call('pool', { input: first, output: second, indices: third });
    expectBits(output.data, want.output.data, 'output');
    expectSame(indices.data, want.indices.data, 'indices');
  });

  test('a tensor that a worker made lives until all who hold it have disposed it', async () => {
    const thread = await attachedThread();
    const at = await thread.call('make', { dims: [2, 3], type: 'int32' });
    await thread.call('write', { at, data: [1, 2, 3, 4, 5, 6] });
    const handle = await thread.call<TensorHandle<'int32'>>('handle', at);
    const tensor = runtime.adopt(handle);
    expect(tensor).toMatchObject({ dims: [2, 3], type: 'int32', size: 6 });
    await thread.call('dispose', at);
    using other = runtime.tensor([2, 3]);
    other.data.fill(9);
    expectSame(tensor.data, [1, 2, 3, 4, 5, 6], 'tensor');
    const again = runtime.adopt(tensor.handle());
    tensor.dispose();
    expectSame(again.data, [1, 2, 3, 4, 5, 6], 'tensor');
    again.dispose();
    expect(await codeOf(() => runtime.adopt(handle))).toBe('disposed');
    expect(await codeOf(() => thread.call('adopt', handle))).toBe('disposed');
  });

  test.each(['float32', 'float16', 'int8', 'uint8', 'int32'] as const)(
    'tensors of %s are passed on',
    async (type) => {
      const thread = await attachedThread();
      using tensor = runtime.tensor([3, 5, 7], type);
      tensor.data.set([1, 2, 3]);
      const at = await thread.call('adopt', tensor.handle());
      expectSame((await thread.call<Float32Array>('read', at)).subarray(0, 4), [1, 2, 3, 0], 'tensor');
      using again = runtime.adopt(await thread.call<TensorHandle<typeof type>>('handle', at));
      expect(again).toMatchObject({ type, dims: [3, 5, 7], size: 105 });
      const wrong = { ...tensor.handle(), type: type === 'int8' ? 'int32' : 'int8' } as TensorHandle;
      expect(await codeOf(() => runtime.adopt(wrong))).toBe(type === 'uint8' ? 'no error' : 'invalid-handle');
    },
  );

  test('a freed tensor is not found again, whatever came to its place', async () => {
    const thread = await attachedThread();
    const handles: TensorHandle[] = [];
    for (let i = 0; i < 200; i++) {
      using tensor = runtime.tensor([4, 4]);
      handles.push(tensor.handle());
    }
    const living = Array.from({ length: 100 }, () => runtime.tensor([4, 4]));
    const last = living.map((tensor) => tensor.handle());
    for (const handle of handles) expect(await codeOf(() => runtime.adopt(handle))).toBe('disposed');
    expect(await codeOf(() => thread.call('adopt', handles[0]))).toBe('disposed');
    for (const [i, handle] of last.entries()) {
      using tensor = runtime.adopt(handle);
      tensor.data.fill(i);
    }
    for (const [i, tensor] of living.entries()) expect(tensor.data[15]).toBe(i);
  });

  test('memory that one thread lets grow is there for the others', async () => {
    const thread = await attachedThread();
    const dims = [1, 2, 2048, 2048];
    const at = await thread.call('make', { dims, type: 'float32' });
    await thread.call('write', { at, data: [7, 8, 9] });
    using tensor = runtime.adopt(await thread.call<TensorHandle<'float32'>>('handle', at));
    expectSame(tensor.data.subarray(0, 4), [7, 8, 9, 0], 'tensor');
    const pool = await createPyramidPool({ levels: [1], runtime });
    tensor.data[tensor.size - 1] = 11;
    expectSame(pool.forward(tensor).data, [9, 11], 'output');
    expectSame((await pool.forwardAsync(tensor)).data, [9, 11], 'output, async');
  });

  test('many threads take and give back memory at a time', async () => {
    const threads = await Promise.all([1, 2, 3].map(attachedThread));
    const pool = await createPyramidPool({ levels, runtime });
    const input = random(1, 64, 96, 96);
    const want = (await expected(input)).output.data;
    const churns = threads.map((thread, i) => thread.call('churn', { rounds: 2000, seed: i + 2 }));
    for (let i = 0; i < 10; i++) {
      expectBits(pool.forward(input).data, want, 'output');
      expectBits((await pool.forwardAsync(input)).data, want, 'output, async');
    }
    expect(await Promise.all(churns)).toEqual([0, 0, 0]);
  });

  test('attaching, sharing and letting go leave memory flat', async () => {
    const pool = await createPyramidPool({ levels: [3, 1], runtime });
    const round = async () => {
      for (let i = 0; i < 50; i++) {
        const attached = await attachRuntime(runtime.handle());
        const own = await createPyramidPool({ levels: [64, (i % 5) + 1], runtime: attached });
        using map = runtime.tensor([3, (i % 7) + 1, (i % 11) + 1]);
        const theirs = attached.adopt(map.handle());
        const made = attached.tensor([3, 200, 200]);
        own.forward(theirs);
        using mine = runtime.adopt(made.handle());
        pool.forward(mine);
        attached.dispose();
      }
    };
    for (let i = 0; i < 5; i++) await round();
    const bytes = runtime.memory.buffer.byteLength;
    for (let i = 0; i < 10; i++) await round();
    expect(runtime.memory.buffer.byteLength).toBe(bytes);
  });

  test('the memory outlives the runtime that made it, with what others have adopted', async () => {
    const thread = await attachedThread();
    const input = random(3, 13, 13);
    const kept = runtime.tensor(input.dims);
    kept.data.set(input.data);
    const lost = runtime.tensor([3]).handle();
    const at = await thread.call('adopt', kept.handle());
    const handle = runtime.handle();
    const pool = await createPyramidPool({ levels, runtime });
    await pool.forwardAsync(random(1, 64, 96, 96));
    runtime.dispose();
    expectBits(await thread.call('read', at), input.data, 'tensor');
    const { output } = await expected(input);
    expectBits((await thread.call<typeof output>('poolPlain', input)).data, output.data, 'output');
    expect(await codeOf(() => thread.call('adopt', lost))).toBe('disposed');
    // Others may still join, until the last has left.
    using late = await attachRuntime(handle);
    using tensor = late.adopt(await thread.call<TensorHandle<'float32'>>('handle', at));
    expectBits(tensor.data, input.data, 'tensor');
    await thread.call('disposeRuntime');
    expectBits(tensor.data, input.data, 'tensor');
    late.dispose();
    expect(await codeOf(() => attachRuntime(handle))).toBe('disposed');
  });

  test('a runtime that is disposed in the middle of its work leaves the others whole', async () => {
    const thread = await attachedThread();
    const pool = await createPyramidPool({ levels, runtime });
    using map = runtime.tensor([1, 256, 64, 64]);
    const at = await thread.call('adopt', map.handle());
    const calls = Array.from({ length: 4 }, () => codeOf(() => pool.forwardAsync(map)));
    await Promise.resolve();
    runtime.dispose();
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 4 }, () => 'disposed'));
    expect(await thread.call('churn', { rounds: 500, seed: 3 })).toBe(0);
    expect((await thread.call<Float32Array>('read', at)).every((value) => value === 0)).toBe(true);
  });

  test('an attached runtime can be attached to, and its end is not that of the others', async () => {
    const thread = await attachedThread();
    using third = await attachRuntime(await thread.call<RuntimeHandle>('runtimeHandle'));
    await thread.call('disposeRuntime');
    using tensor = runtime.tensor([5]);
    tensor.data.fill(3);
    using theirs = third.adopt(tensor.handle());
    expectSame(theirs.data, [3, 3, 3, 3, 3], 'tensor');
    expect(await codeOf(() => thread.call('make', { dims: [1] }))).toBe('disposed');
  });

  test('what was disposed gives no handle and takes none', async () => {
    const other = await createRuntime({ variant: 'simd-threads' });
    const [tensor, orphan] = [runtime.tensor([2]), other.tensor([2])];
    const [handle, tensorHandle] = [other.handle(), tensor.handle()];
    tensor.dispose();
    other.dispose();
    expect(await codeOf(() => tensor.handle())).toBe('disposed');
    expect(await codeOf(() => runtime.adopt(tensorHandle))).toBe('disposed');
    expect(await codeOf(() => other.handle())).toBe('disposed');
    expect(await codeOf(() => other.adopt(tensorHandle))).toBe('disposed');
    expect(await codeOf(() => orphan.handle())).toBe('disposed');
    expect(await codeOf(() => attachRuntime(handle))).toBe('disposed');
  });

  test('foreign and broken handles are refused', async () => {
    using other = await createRuntime({ variant: 'simd-threads' });
    using tensor = other.tensor([2, 3]);
    using own = runtime.tensor([2, 3]);
    const [handle, good] = [tensor.handle(), own.handle()];
    // biome-ignore lint/suspicious/noExplicitAny: wrong arguments are the point here
    const adopt = (handle: any) => codeOf(() => runtime.adopt(handle));
    // biome-ignore lint/suspicious/noExplicitAny: wrong arguments are the point here
    const attach = (handle: any) => codeOf(() => attachRuntime(handle));
    for (const wrong of [
      undefined,
      null,
      7,
      {},
      tensor,
      handle,
      runtime.handle(),
      { ...good, id: '' },
      { ...good, slot: -1 },
      { ...good, slot: 1e6 },
      { ...good, slot: 'x' },
      { ...good, generation: undefined },
      { ...good, dims: [2, 4] },
    ]) {
      expect(await adopt(wrong)).toBe(
        (wrong as { slot?: number })?.slot === 1e6 ? 'disposed' : 'invalid-handle',
      );
    }
    expect(await adopt({ ...good, dims: 'all' })).toBe('invalid-dims');
    expect(await adopt({ ...good, type: 'float64' })).toBe('invalid-options');
    const real = runtime.handle();
    const { memory, module } = other.handle();
    for (const wrong of [
      undefined,
      7,
      {},
      handle,
      { ...real, id: 'x' },
      { ...real, table: real.table + 64 },
      { ...real, table: 2 ** 31 },
      { ...real, table: 1 },
      { ...real, memory },
      { ...real, memory: new WebAssembly.Memory({ initial: 1 }) },
      { ...real, module: undefined },
      { ...real, module: await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) },
    ]) {
      expect(await attach(wrong)).toBe('invalid-handle');
    }
    // No memory was lost, and the count of its users is right.
    using attached = await attachRuntime({ ...real, module });
    using adopted = attached.adopt(good);
    expectSame(adopted.data, own.data, 'tensor');
    attached.dispose();
    runtime.dispose();
    expect(await attach(real)).toBe('disposed');
  });
});

describe('memory of one thread', () => {
  test.each(['scalar', 'simd'] as const)('is not shared by %s', async (variant) => {
    using runtime = await createRuntime({ variant });
    using tensor = runtime.tensor([2, 2]);
    expect(await codeOf(() => runtime.handle())).toBe('not-shared');
    expect(await codeOf(() => tensor.handle())).toBe('not-shared');
    tensor.data.fill(1);
    const pool = await createPyramidPool({ levels: [1], runtime });
    expect(pool.forward({ data: tensor.data, dims: [1, 2, 2] }).data[0]).toBe(1);
  });
});
