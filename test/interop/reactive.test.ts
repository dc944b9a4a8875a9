/** Objects of this package in the proxies of reactive libraries, and in plain ones. */
import { observable } from 'mobx';
import { createPyramidPool, createRoiPyramidPool } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { isReactive, reactive, ref } from 'vue';
import { expectSame } from '../unit/bits.js';
import { useRuntime } from '../unit/runtimes.js';

const runtime = useRuntime({ variant: 'simd' });

const map = { data: Float32Array.of(1, 4, 3, 2), dims: [1, 1, 2, 2] };
const rois = { data: Float32Array.of(0, 0, 0, 1, 1), dims: [1, 5] };

const proxies = new WeakMap<object, object>();

/** A proxy whose objects come in proxies too, but for those of the language and of the host. */
function deep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (ArrayBuffer.isView(value) || value instanceof WebAssembly.Memory) return value;
  const get = (target: object, key: PropertyKey, receiver: unknown) =>
    deep(Reflect.get(target, key, receiver));
  const proxy = proxies.get(value) ?? new Proxy(value, { get });
  proxies.set(value, proxy).set(proxy, proxy);
  return proxy as T;
}

const wrappers: Record<string, <T extends object>(value: T) => T> = {
  'ref of Vue': (value) => ref(value).value as typeof value,
  'reactive of Vue': (value) => reactive({ value }).value as typeof value,
  'observable of MobX': (value) => observable({ value }).value,
  'a plain Proxy': (value) => new Proxy(value, {}),
  'a Proxy of a Proxy': (value) => new Proxy(new Proxy(value, {}), {}),
  'a deep Proxy': deep,
};

for (const [name, wrap] of Object.entries(wrappers)) {
  test(`a pool in ${name}`, async () => {
    const pool = wrap(await createPyramidPool({ levels: [2, 1], runtime: runtime() }));
    expectSame(pool.forward(map).data, [1, 4, 3, 2, 4], 'output');
    expectSame((await pool.forwardAsync(map)).data, [1, 4, 3, 2, 4], 'output');
    const { output, indices } = pool.forwardWithIndices(map);
    await pool.forwardWithIndicesAsync(map);
    const { dims } = map;
    expectSame(pool.backward(output, { dims, indices }).data, [1, 8, 3, 2], 'gradient');
    expectSame((await pool.backwardAsync(output, { dims, indices })).data, [1, 8, 3, 2], 'gradient');
    expect(pool.outputDims(dims)).toEqual([1, 5]);
    expect(pool.binBounds(2, 2)[1]).toEqual({ rows: [[0, 2]], columns: [[0, 2]] });
    expect(pool.options.levels).toHaveLength(2);
    expect(pool.runtime.variant).toBe('simd');
    pool.dispose();
    expect(() => pool.forward(map)).toThrow('this pool was disposed');
  });

  test(`a pool of regions in ${name}`, async () => {
    const pool = wrap(await createRoiPyramidPool({ levels: [1], runtime: runtime() }));
    expectSame(pool.forward(map, rois).data, [4], 'output');
    await pool.forwardAsync(map, rois);
    const { output, indices } = pool.forwardWithIndices(map, rois);
    await pool.forwardWithIndicesAsync(map, rois);
    const context = { dims: map.dims, rois, indices };
    expectSame(pool.backward(output, context).data, [0, 4, 0, 0], 'gradient');
    await pool.backwardAsync(output, context);
    expect(pool.binBounds(2, 2, [0, 0, 1, 1])).toHaveLength(1);
    pool[Symbol.dispose]();
    expect(() => pool.forward(map, rois)).toThrow('this pool was disposed');
  });

  test(`a runtime and its tensors in ${name}`, async () => {
    const wrapped = wrap(runtime());
    expect(wrapped.disposed).toBe(false);
    expect(wrapped.threads).toBe(1);
    expect(wrapped.memory.buffer.byteLength).toBeGreaterThan(0);
    const options = wrap({ levels: [1], runtime: wrapped });
    const pool = await createPyramidPool(options);
    const input = wrap(wrapped.tensor([1, 1, 2, 2]));
    const out = wrap(wrapped.tensor([1, 1]));
    input.data.set(map.data);
    const before = wrapped.memory.buffer.byteLength;
    expect(pool.forward(input, wrap({ out }))).toBe(out);
    expectSame(out.data, [4], 'out');
    expect(wrapped.memory.buffer.byteLength).toBe(before);
    expect(() => input.handle()).toThrow('only the variant simd-threads can share it');
    input.dispose();
    input.dispose();
    expect(() => pool.forward(input)).toThrow('this tensor was disposed');
    out.dispose();
  });

  test(`results in ${name}`, async () => {
    using pool = await createPyramidPool({ levels: [2, 1], runtime: runtime() });
    const result = wrap(pool.forwardWithIndices(wrap(map)));
    const gradient = pool.backward(result.output, wrap({ dims: map.dims, indices: result.indices }));
    expectSame(gradient.data, [1, 8, 3, 2], 'gradient');
    expect(pool.forward(map, { out: result.output })).toBe(result.output);
    expectSame(pool.forward(wrap([map, map])).data, [1, 4, 3, 2, 4, 1, 4, 3, 2, 4], 'a list');
  });
}

test('Vue leaves the objects of this package as they are', async () => {
  using pool = await createPyramidPool({ levels: [1], runtime: runtime() });
  using roiPool = await createRoiPyramidPool({ levels: [1], runtime: runtime() });
  using tensor = runtime().tensor([1]);
  for (const object of [pool, roiPool, tensor, runtime()]) {
    expect(isReactive(reactive(object))).toBe(false);
    expect(ref(object).value).toBe(object);
  }
});

test('a proxy lends no memory to another object', async () => {
  using pool = await createPyramidPool({ levels: [1], runtime: runtime() });
  using tensor = runtime().tensor([1, 1, 2, 2]);
  const liar = new Proxy(tensor, {
    get: (target, key) => (key === 'dims' ? [1, 1, 2000, 2000] : Reflect.get(target, key, target)),
  });
  expectSame(pool.forward(liar).data, [0], 'the tensor itself is read');
});
