import {
  attachRuntime,
  chooseScale,
  createPyramidPool,
  createRoiPyramidPool,
  createRuntime,
  PyramidPoolError,
  type PyramidPoolErrorCode,
} from 'pyramid-pool';
import { afterEach, describe, expect, test } from 'vitest';
import { expectSame } from './bits.js';
import { useRuntime } from './engines.js';

const runtime = useRuntime({ variant: 'simd' });

/** Expects an error of this package, with a message that holds all of `words`. */
async function expectError(
  call: () => unknown,
  code: PyramidPoolErrorCode,
  ...words: string[]
): Promise<void> {
  const error = await Promise.resolve()
    .then(call)
    .then(
      () => expect.fail(`no error, but ${code} was due`),
      (reason) => reason,
    );
  expect(error).toBeInstanceOf(PyramidPoolError);
  expect(error).toBeInstanceOf(Error);
  expect(error.code).toBe(code);
  for (const word of words) expect(error.message).toContain(word);
}

/** A wrong argument, the code of its error, and words of its message. */
type Row = [argument: unknown, code: PyramidPoolErrorCode, words: string[]];

/** Rows with a name for the report. */
const named = (rows: Row[]) =>
  rows.map((row): [string, ...Row] => [`${row[1]}: ${row[2].join(' ')}`, ...row]);

// biome-ignore lint/suspicious/noExplicitAny: wrong arguments are the point here
const wrong = (value: unknown): any => value;
const make = (options: unknown) => () => createPyramidPool(wrong(options));
const pool = (options: object = {}) => createPyramidPool({ levels: [2, 1], runtime: runtime(), ...options });
const map = (...dims: number[]) => ({ data: new Float32Array(dims.reduce((a, b) => a * b, 1)), dims });

/** Whatever went wrong, the runtime goes on and gives right answers. */
afterEach(async () => {
  const { output, indices } = (await pool()).forwardWithIndices({
    data: Float32Array.of(1, 4, 3, 2),
    dims: [1, 2, 2],
  });
  expectSame(output.data, [1, 4, 3, 2, 4], 'output');
  expectSame(indices.data, [0, 1, 2, 3, 1], 'indices');
});

describe('createPyramidPool', () => {
  test.each(
    named([
      [undefined, 'invalid-options', ['options', 'levels']],
      [7, 'invalid-options', ['options', '7']],
      [{ levels: [1], level: 3 }, 'invalid-options', ['options.level', 'levels']],
      [{}, 'invalid-levels', ['options.levels', 'undefined']],
      [{ levels: [] }, 'invalid-levels', ['options.levels']],
      [{ levels: 'all' }, 'invalid-levels', ["'all'"]],
      [{ levels: [4, Number.NaN] }, 'invalid-levels', ['options.levels[1]', 'NaN']],
      [{ levels: [0] }, 'invalid-levels', ['options.levels[0]', '0']],
      [{ levels: [-1] }, 'invalid-levels', ['-1']],
      [{ levels: [1.5] }, 'invalid-levels', ['1.5']],
      [{ levels: ['2'] }, 'invalid-levels', ["'2'"]],
      [{ levels: [[2]] }, 'invalid-levels', ['[2]']],
      [{ levels: [[2, 3, 4]] }, 'invalid-levels', ['[2, 3, 4]']],
      [{ levels: [[2, 1n]] }, 'invalid-levels', ['1n']],
      [{ levels: [65536] }, 'invalid-levels', ['bins']],
      [{ levels: [1], layout: 'CHW' }, 'invalid-options', ['options.layout', "'CHW'", 'NHWC']],
      [{ levels: [1], reduction: 'sum' }, 'invalid-options', ['options.reduction', "'sum'"]],
      [{ levels: [1], bins: 'roi' }, 'invalid-options', ['options.bins', "'roi'"]],
      [{ levels: [1], runtime: {} }, 'invalid-options', ['options.runtime', 'createRuntime']],
    ]),
  )('refuses %s', (_, options, code, words) => expectError(make(options), code, ...words));

  test('refuses a runtime that was disposed', async () => {
    const gone = await createRuntime({ variant: 'scalar' });
    gone.dispose();
    await expectError(make({ levels: [1], runtime: gone }), 'disposed', 'runtime');
  });
});

describe('createRuntime', () => {
  test.each(
    named([
      [{ variant: 'avx' }, 'invalid-options', ['options.variant', "'avx'", 'simd-threads']],
      [{ threads: 0 }, 'invalid-options', ['options.threads', '0']],
      [{ threads: 1.5 }, 'invalid-options', ['1.5']],
      [{ threads: '2' }, 'invalid-options', ["'2'"]],
      [{ threads: 1000 }, 'invalid-options', ['64']],
      [{ onFallback: 1 }, 'invalid-options', ['options.onFallback']],
      [{ wasm: 7 }, 'invalid-options', ['options.wasm', '7']],
      [{ wasm: 'http://[' }, 'invalid-options', ['options.wasm']],
      [{ wasm: new Uint8Array(8), variant: 'simd' }, 'invalid-wasm', ['options.wasm', 'simd']],
      [
        { wasm: Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0), variant: 'simd' },
        'invalid-wasm',
        ['options.wasm', 'alloc'],
      ],
      [{ cores: 2 }, 'invalid-options', ['options.cores']],
    ]),
  )('refuses %s', (_, options, code, words) =>
    expectError(() => createRuntime(wrong(options)), code, ...words),
  );
});

describe('forward', () => {
  test.each(
    named([
      [undefined, 'invalid-data', ['input', 'undefined']],
      [null, 'invalid-data', ['input', 'null']],
      [[1, 2], 'invalid-data', ['input[0]', '1']],
      [{ data: new Float32Array(4) }, 'invalid-dims', ['input.dims', 'undefined']],
      [{ data: [1, 2, 3, 4], dims: [1, 1, 2, 2] }, 'invalid-data', ['input.data', 'Float32Array']],
      [{ data: new Float64Array(4), dims: [1, 1, 2, 2] }, 'invalid-data', ['Float64Array', 'Float32Array']],
      [
        { data: new Float32Array(43263), dims: [1, 256, 13, 13] },
        'invalid-data',
        ['input.data has 43263 elements', '[1, 256, 13, 13] need 43264'],
      ],
      [map(4, 4), 'invalid-dims', ['input.dims', '[4, 4]', '[N, C, H, W]']],
      [map(1, 1, 1, 4, 4), 'invalid-dims', ['[1, 1, 1, 4, 4]']],
      [map(2, 0, 4, 4), 'invalid-dims', ['axis 1 is empty']],
      [map(1, 1, 0, 4), 'invalid-dims', ['axis 2 is empty']],
      [map(1, 4, 0), 'invalid-dims', ['axis 2 is empty']],
      [{ data: new Float32Array(4), dims: [1, 1, 2, -2] }, 'invalid-dims', ['input.dims[3]', '-2']],
      [{ data: new Float32Array(4), dims: [1, 1, 2, Number.NaN] }, 'invalid-dims', ['NaN']],
      [{ data: new Float32Array(4), dims: [1, 1, 2, 2.5] }, 'invalid-dims', ['2.5']],
      [{ data: new Float32Array(4), dims: [1, 1, '2', 2] }, 'invalid-dims', ["'2'"]],
      [{ data: new Float32Array(4), dims: '1122' }, 'invalid-dims', ["'1122'"]],
    ]),
  )('refuses %s', async (_, input, code, words) => {
    const spp = await pool();
    await expectError(() => spp.forward(wrong(input)), code, ...words);
    await expectError(() => spp.forwardWithIndices(wrong(input)), code, ...words);
    await expectError(() => spp.forwardAsync(wrong(input)), code, ...words);
    await expectError(() => spp.forwardWithIndicesAsync(wrong(input)), code, ...words);
  });

  test('refuses a size for which a rule has other bins, and names the way out', async () => {
    const [sliding, padded] = await Promise.all([
      pool({ levels: [4], bins: 'sliding' }),
      pool({ levels: [4], bins: 'padded' }),
    ]);
    await expectError(
      () => sliding.forward(map(1, 13, 7)),
      'invalid-bins',
      'gives 6 windows',
      '7 columns',
      '4',
      "'adaptive'",
    );
    await expectError(() => sliding.forward(map(1, 3, 13)), 'invalid-bins', 'no windows', '3 rows');
    await expectError(
      () => padded.forward(map(1, 13, 5)),
      'invalid-bins',
      "'padded'",
      '5 columns',
      "'adaptive'",
    );
    await expectError(() => padded.binBounds(5, 13), 'invalid-bins', '5 rows');
    expect(sliding.forward(map(1, 13, 10)).dims).toEqual([16]);
    expect(padded.forward(map(1, 13, 7)).dims).toEqual([16]);
  });

  test('says when the buffer of an input is detached', async () => {
    const input = map(1, 1, 2, 2);
    structuredClone(input.data.buffer, { transfer: [input.data.buffer] });
    const spp = await pool();
    await expectError(() => spp.forward(input), 'invalid-data', 'input.data has 0 elements', 'detached');
  });

  test('refuses an out that does not fit', async () => {
    const spp = await pool();
    const forward = (out: unknown) => () => spp.forward(map(1, 3, 4, 4), wrong({ out }));
    await expectError(forward(map(1, 14)), 'invalid-dims', 'options.out.dims', '[1, 14]', '[1, 15]');
    await expectError(
      forward({ data: new Int32Array(15), dims: [1, 15] }),
      'invalid-data',
      'options.out.data',
      'Float32Array',
    );
    await expectError(() => spp.forward(map(1, 3, 4, 4), wrong({ to: 1 })), 'invalid-options', 'options.to');
    await expectError(
      () => spp.forwardWithIndices(map(1, 3, 4, 4), wrong({ out: { values: 1 } })),
      'invalid-options',
      'options.out.values',
    );
  });

  test('refuses an out that lies on the input', async () => {
    const spp = await pool({ levels: [1] });
    using tensor = runtime().tensor([1, 1, 1]);
    const view = wrong({ data: tensor.data, dims: [1] });
    expect(spp.forward(tensor, { out: view }).data[0], 'a view is a copy').toBe(0);
    using gradient = runtime().tensor([1]);
    const context = { dims: [1], indices: { data: new Int32Array(1), dims: [1] } };
    await expectError(
      () => spp.backward(gradient, wrong({ ...context, dims: [1, 1, 1] }), { out: wrong(gradient) }),
      'invalid-dims',
    );
    using both = runtime().tensor([2, 1]);
    await expectError(
      () => spp.forwardWithIndices(map(2, 1, 1, 1), { out: { output: both, indices: wrong(both) } }),
      'invalid-data',
    );
  });
});

describe('backward', () => {
  const context = () => ({ dims: [1, 2, 3, 3], indices: { data: new Int32Array(10), dims: [1, 10] } });
  const gradient = () => map(1, 10);

  test.each(
    named([
      [undefined, 'invalid-options', ['second argument']],
      [{ ...context(), dims: [1, 2, 3] }, 'invalid-dims', ['gradOutput.dims', '[1, 10]']],
      [{ ...context(), dims: [1, 2, 0, 3] }, 'invalid-dims', ['dims', 'axis 2']],
      [{ ...context(), dims: undefined }, 'invalid-dims', ['dims', 'undefined']],
      [{ ...context(), indices: undefined }, 'invalid-data', ['indices', 'undefined']],
      [{ ...context(), indices: map(1, 10) }, 'invalid-data', ['indices.data', 'Float32Array', 'Int32Array']],
      [
        { ...context(), indices: { data: new Int32Array(5), dims: [1, 5] } },
        'invalid-dims',
        ['indices.dims', '[1, 5]', '[1, 10]'],
      ],
      [
        { ...context(), indices: { data: new Int32Array(10).fill(9), dims: [1, 10] } },
        'invalid-indices',
        ['indices.data[0] is 9', '9 cells'],
      ],
      [
        { ...context(), indices: { data: Int32Array.of(0, 0, 0, 0, 0, 0, 0, -1, 0, 0), dims: [1, 10] } },
        'invalid-indices',
        ['indices.data[7] is -1'],
      ],
    ]),
  )('refuses %s', async (_, context, code, words) => {
    const spp = await pool();
    await expectError(() => spp.backward(gradient(), wrong(context)), code, ...words);
    await expectError(() => spp.backwardAsync(gradient(), wrong(context)), code, ...words);
  });

  test('writes nothing where an index is wrong', async () => {
    const spp = await pool();
    const out = map(1, 2, 3, 3);
    out.data.fill(7);
    const indices = { data: new Int32Array(10).fill(99), dims: [1, 10] };
    await expectError(
      () => spp.backward(gradient(), { dims: out.dims, indices }, { out }),
      'invalid-indices',
    );
    expect(out.data.every((value) => value === 7)).toBe(true);
  });

  test('refuses an out that lies on the gradient', async () => {
    const spp = await pool({ levels: [1] });
    using gradient = runtime().tensor([4]);
    const indices = { data: new Int32Array(4), dims: [4] };
    // [4] as the gradient of [4, 1, 1] and [4, 1, 1] as its result have the same elements: a caller may think them one.
    await expectError(
      () => spp.backward(gradient, { dims: [4, 1, 1], indices }, { out: wrong(gradient) }),
      'invalid-dims',
      'options.out.dims',
    );
  });
});

test('averages have no indices', async () => {
  const spp = await pool({ reduction: 'average' });
  await expectError(() => spp.forwardWithIndices(map(1, 4, 4)), 'invalid-options', 'no indices');
  await expectError(() => spp.forwardWithIndicesAsync(map(1, 4, 4)), 'invalid-options', 'no indices');
  expect(spp.backward(map(5), { dims: [1, 4, 4] }).dims).toEqual([1, 4, 4]);
});

describe('binBounds and outputDims', () => {
  test.each([
    [0, 4],
    [4, Number.NaN],
    [4, 2.5],
    ['4', 4],
  ])('refuse a %s by %s map', async (height, width) => {
    const spp = await pool();
    await expectError(() => spp.binBounds(wrong(height), wrong(width)), 'invalid-dims');
    await expectError(() => spp.outputDims(wrong([1, 1, height, width])), 'invalid-dims');
  });
});

describe('what was disposed', () => {
  test('a pool', async () => {
    const spp = await pool();
    spp.dispose();
    spp.dispose();
    await expectError(() => spp.forward(map(1, 2, 2)), 'disposed', 'pool');
    await expectError(() => spp.forwardAsync(map(1, 2, 2)), 'disposed', 'pool');
    await expectError(() => spp.binBounds(2, 2), 'disposed', 'pool');
  });

  test('a tensor', async () => {
    const spp = await pool();
    const tensor = runtime().tensor([1, 2, 2]);
    tensor.dispose();
    tensor.dispose();
    await expectError(() => tensor.data, 'disposed', 'tensor');
    await expectError(() => spp.forward(tensor), 'disposed', 'tensor');
  });

  test('a runtime', async () => {
    const gone = await createRuntime({ variant: 'simd' });
    const spp = await createPyramidPool({ levels: [1], runtime: gone });
    const tensor = gone.tensor([1, 2, 2]);
    gone.dispose();
    gone.dispose();
    expect(gone.disposed).toBe(true);
    await expectError(() => spp.forward(map(1, 2, 2)), 'disposed', 'runtime');
    await expectError(() => tensor.data, 'disposed', 'runtime');
    await expectError(() => gone.tensor([1]), 'disposed', 'runtime');
    await expectError(() => gone.memory, 'disposed', 'runtime');
    tensor.dispose();
  });
});

describe('memory', () => {
  test('more than there can be is refused, and nothing is lost', async () => {
    const spp = await pool();
    await expectError(() => runtime().tensor([2 ** 20, 2 ** 20]), 'out-of-memory');
    await expectError(() => runtime().tensor([2 ** 30]), 'out-of-memory');
    const indices = { data: new Int32Array(5), dims: [1, 5] };
    await expectError(
      () => spp.backward(map(1, 5), { dims: [1, 1, 2 ** 15, 2 ** 15], indices }),
      'out-of-memory',
    );
    await expectError(
      () => spp.backward(map(1, 5), { dims: [1, 1, 2 ** 16, 2 ** 16], indices }),
      'invalid-dims',
      '31 bits',
    );
  });
});

/** Arguments that change between two looks, or that lie about themselves: memory outside the call stays as it was. */
describe('what lies about itself', () => {
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
    await expectError(
      () => chooseScale([0, 0, 9, 9], 480, wrong(null)),
      'invalid-options',
      'options is null',
    );
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
    await expectError(() => createRuntime({ workerUrl: wrong(7) }), 'invalid-options', 'options.workerUrl');
  });

  test('sizes beyond what can be counted', async () => {
    const spp = await pool();
    await expectError(() => spp.outputDims([0, 1, 2 ** 32 + 4, 1]), 'invalid-dims', 'dims[2]');
    await expectError(() => spp.outputDims(new Array(1e6).fill(1)), 'invalid-dims', '1000000 elements');
  });
});
