/** Arguments that change between two reads, or report wrong sizes: memory outside the call stays as it was. */
import {
  attachRuntime,
  chooseScale,
  createPyramidPool,
  createRoiPyramidPool,
  createRuntime,
} from 'pyramid-pool';
import { expect, test } from 'vitest';
import { expectSame } from './bits.js';
import { expectError, make, map, useLastingRuntime, wrong } from './expect-error.js';

const { runtime, pool } = useLastingRuntime();

test('levels cannot be changed through the options of a pool', async () => {
  const spp = await pool();
  const { levels } = wrong(spp.options);
  expect(() => levels.push([200, 200])).toThrow(TypeError);
  expect(() => {
    levels[0][0] = 3000;
  }).toThrow(TypeError);
  expect(spp.forward(map(1, 4, 4)).dims).toEqual([5]);
});

test('levels with holes, or of a class with ideas of its own', async () => {
  // biome-ignore lint/suspicious/noSparseArray: that is the point
  await expectError(make({ levels: [4, , 1] }), 'invalid-levels', 'options.levels[1]', 'undefined');
  await expectError(make({ levels: new Array(3) }), 'invalid-levels', 'options.levels[0]');
  class Small extends Array {
    override reduce() {
      return 1;
    }
  }
  const spp = await createPyramidPool({ levels: Small.from([40, 40]), runtime: runtime() });
  expect(spp.forward(map(1, 4, 4)).dims).toEqual([3200]);
  await expectError(make({ levels: new Array(5000).fill(1) }), 'invalid-levels', '5000 elements');
  const nested: unknown[] = [];
  nested.push(nested);
  await expectError(make({ levels: nested }), 'invalid-levels', 'an array');
});

test('an input that shrinks while it is looked at', async () => {
  const spp = await pool();
  const buffer = new ArrayBuffer(400);
  const input = { data: new Float32Array(buffer), dims: [1, 10, 10] };
  const options = {
    get out() {
      structuredClone(buffer, { transfer: [buffer] });
      return undefined;
    },
  };
  await expectError(() => spp.forward(input, options), 'invalid-data', 'input.data has 0 elements');
});

test('an array with a length or a tag of its own', async () => {
  const spp = await pool();
  const data = Object.defineProperty(new Float32Array(4), 'length', { value: 16 });
  await expectError(() => spp.forward({ data, dims: [1, 4, 4] }), 'invalid-data', 'has 4 elements');
  const view = Object.defineProperty(new DataView(new ArrayBuffer(16)), Symbol.toStringTag, {
    value: 'Float32Array',
  });
  await expectError(() => spp.forward({ data: view, dims: [1, 2, 2] }), 'invalid-data', 'DataView');
});

test('a resident tensor that makes believe it is larger', async () => {
  const spp = await pool({ levels: [20] });
  using guard = runtime().tensor([1024]);
  using small = runtime().tensor([1]);
  using after = runtime().tensor([1024]);
  const fake = wrong(small);
  Object.defineProperty(fake, 'data', { value: new Float32Array(400) });
  fake.dims = [400];
  spp.forward({ data: new Float32Array(16).fill(3), dims: [1, 4, 4] }, { out: fake });
  expect([...guard.data, ...after.data].every((value) => value === 0)).toBe(true);
});

test('dims that differ at the second look', async () => {
  const spp = await pool({ levels: [1] });
  let looks = 0;
  const dims: number[] = wrong([1, 2, 2]);
  dims[Symbol.iterator] = wrong(function* () {
    yield* looks++ ? [1, 1, 1] : [1, 2, 2];
  });
  const context = { dims, indices: { data: Int32Array.of(3), dims: [1] } };
  const gradient = spp.backward({ data: Float32Array.of(5), dims: [1] }, context);
  expect(gradient.data.length).toBe(gradient.dims.reduce((a, b) => a * b, 1));
});

test('lists whose iterators never end, or whose length is none', async () => {
  const forever = function* () {
    for (;;) yield 1;
  };
  const endless = (...list: unknown[]) => Object.defineProperty(list, Symbol.iterator, { value: forever });
  const spp = await createPyramidPool({ levels: wrong(endless(2, 1)), runtime: runtime() });
  const input = { data: Float32Array.of(1, 4, 3, 2), dims: wrong(endless(1, 2, 2)) };
  expectSame(spp.forward(input).data, [1, 4, 3, 2, 4], 'output');
  expectSame(spp.forward(wrong(endless(input))).data, [1, 4, 3, 2, 4], 'rows');
  expect(spp.outputDims(wrong(endless([1, 2, 2], endless(1, 2, 2))))).toEqual([2, 5]);
  expect(chooseScale(wrong(endless(0, 0, 9, 9)), 480, { scales: wrong(endless(300, 900)) })).toBe(900);
  const lying = new Proxy([1, 2, 2], {
    get: (list, key) => (key === 'length' ? Symbol('length') : Reflect.get(list, key)),
  });
  await expectError(() => spp.outputDims(wrong(lying)), 'invalid-dims', 'dims.length', 'a symbol');
  await expectError(make({ levels: lying }), 'invalid-levels', 'options.levels.length');
  await expectError(
    () => chooseScale([0, 0, 9, 9], 480, { scales: wrong(lying) }),
    'invalid-options',
    'options.scales.length',
  );
  await expectError(
    () => chooseScale([0, 0, 9, 9], 480, { scales: new Array(2 ** 32 - 1) }),
    'invalid-options',
    'options.scales',
  );
});

test('objects that cannot be shown, or are not what their class says', async () => {
  const spp = await pool();
  await expectError(
    () => spp.binBounds(wrong(Object.create(null)), 4),
    'invalid-dims',
    'height is an object',
  );
  await expectError(() => chooseScale([0, 0, 9, 9], 480, wrong(null)), 'invalid-options', 'options is null');
  const regions = await createRoiPyramidPool({ levels: [1], runtime: runtime() });
  await expectError(() => regions.binBounds(4, 4, wrong(undefined)), 'invalid-regions', 'roi is undefined');
  await expectError(() => regions.binBounds(4, 4, wrong([0, 0, 1n, 1])), 'invalid-regions', 'roi[2] is 1n');
  const handle = { kind: 'pyramid-pool runtime', memory: Object.create(WebAssembly.Memory.prototype) };
  await expectError(() => attachRuntime(wrong(handle)), 'invalid-handle');
  const data = Object.defineProperty(new Float32Array(3), 'buffer', { value: undefined });
  await expectError(() => spp.forward({ data, dims: [1, 2, 2] }), 'invalid-data', 'has 3 elements');
});

test('arrays of classes with ideas of their own are read and written as what they are', async () => {
  class Odd extends Float32Array {
    override set(): never {
      throw new Error('set');
    }
    override get length(): number {
      return 1;
    }
  }
  const odd = (...values: number[]) => {
    const array = new Odd(values.length);
    Float32Array.prototype.set.call(array, values);
    return array;
  };
  const spp = await pool();
  const out = { data: odd(0, 0, 0, 0, 0), dims: [5] };
  spp.forward({ data: odd(1, 4, 3, 2), dims: [1, 2, 2] }, { out });
  expectSame(new Float32Array(out.data.buffer), [1, 4, 3, 2, 4], 'out');
  const regions = await createRoiPyramidPool({ levels: [1], runtime: runtime() });
  await expectError(
    () => regions.forward(map(1, 2, 2), { data: odd(0, 0, Number.NaN, 1, 1), dims: [1, 5] }),
    'invalid-regions',
    'rois.data[2] is NaN',
  );
});

test('an exception of what was passed in comes out as it is, and the next call works', async () => {
  const own = new Error('mine');
  const levels = new Proxy([2, 1], {
    get() {
      throw own;
    },
  });
  await expect(make({ levels })()).rejects.toBe(own);
});

test('a view of a resident tensor is read and written where it moved to', async () => {
  using own = await createRuntime({ variant: 'simd' });
  const spp = await createPyramidPool({ levels: [1], runtime: own });
  using tensor = own.tensor([4, 512, 512]);
  tensor.data[5] = 9;
  const before = own.memory.buffer.byteLength;
  const view = { data: tensor.data, dims: [1, 4, 512, 512] };
  expect(spp.forward(view).data[0]).toBe(9);
  expect(own.memory.buffer.byteLength).toBeGreaterThan(before);
  using out = own.tensor([2, 2]);
  const large = { data: new Float32Array(4 * 2048 * 1024).fill(2), dims: [4, 2048, 1024] };
  spp.forward(large, { out: { data: out.data, dims: [4] } });
  expectSame(out.data, [2, 2, 2, 2], 'out');
});

test('a list where options belong', async () => {
  const spp = await pool();
  await expectError(() => spp.forward(map(1, 4, 4), wrong([])), 'invalid-options', 'options');
});

test('a worker URL is a text, a URL, or what gives the text of one as a TrustedScriptURL does', async () => {
  const trusted = { toString: () => '/worker.js', toJSON: () => '/worker.js' };
  for (const workerUrl of ['/worker.js', new URL('https://example.org/worker.js'), trusted]) {
    (await createRuntime({ variant: 'simd', workerUrl })).dispose();
  }
  for (const workerUrl of [
    7,
    null,
    {},
    new Date(),
    { toJSON: () => '/worker.js' },
    () => '/worker.js',
    Object.assign(Object.create(null), { toJSON: () => '' }),
  ]) {
    await expectError(
      () => createRuntime({ workerUrl: wrong(workerUrl) }),
      'invalid-options',
      'options.workerUrl',
    );
  }
});

test('sizes beyond what can be counted', async () => {
  const spp = await pool();
  await expectError(() => spp.outputDims([0, 1, 2 ** 32 + 4, 1]), 'invalid-dims', 'dims[2]');
  await expectError(() => spp.outputDims(new Array(1e6).fill(1)), 'invalid-dims', '1000000 elements');
});
