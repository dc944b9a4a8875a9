import {
  createPyramidPool,
  createRoiPyramidPool,
  createRuntime,
  type PyramidPoolErrorCode,
} from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { expectError, make, map, useLastingRuntime, wrong } from './expect-error.js';

const { runtime, pool } = useLastingRuntime();

/** A wrong argument, the code of its error, and words of its message. */
type Row = [argument: unknown, code: PyramidPoolErrorCode, words: string[]];

/** Rows with a name for the report. */
const named = (rows: Row[]) =>
  rows.map((row): [string, ...Row] => [`${row[1]}: ${row[2].join(' ')}`, ...row]);

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
      [{ levels: [2 ** 31] }, 'invalid-levels', ['is 2147483648', 'from 1 to 2147483647, or two']],
      [{ levels: new Set([4, 2]) }, 'invalid-levels', ['options.levels is a Set', 'an array of levels']],
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
      [{ wasm: { [Symbol.toStringTag]: 'Module' } }, 'invalid-options', ['options.wasm is an object']],
      [{ wasm: Promise.resolve() }, 'invalid-options', ['options.wasm is a promise']],
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
      [{ data: new Float32Array(4), dims: [1, 1, 1e308, 2] }, 'invalid-dims', ['from 0 to 2147483647']],
      [[], 'invalid-dims', ['input is an empty list', 'at least one map']],
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
    await expectError(() => spp.forward(tensor, { out: view }), 'overlap', 'options.out shares memory');
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

describe('vectorLength', () => {
  test('is the length that outputDims gives for a map of any size', async () => {
    const flat = await pool({ levels: [4, [2, 3], 1], layout: 'NHWC' });
    expect(flat.vectorLength(5)).toBe(flat.outputDims([1, 1, 5])[0]);
    const long = await pool({ levels: [4, 1], spatialDims: 1 });
    expect(long.vectorLength(3)).toBe(15);
    using regions = await createRoiPyramidPool({ levels: [6, 3, 2, 1], runtime: runtime() });
    expect(regions.vectorLength(256)).toBe(50 * 256);
  });

  test.each([0, -1, 1.5, Number.NaN, '3', undefined, [3], 2 ** 31])(
    'refuses %s channels',
    async (channels) => {
      const spp = await pool();
      using regions = await createRoiPyramidPool({ levels: [1], runtime: runtime() });
      for (const it of [spp, regions])
        await expectError(() => it.vectorLength(wrong(channels)), 'invalid-dims', 'channels is');
    },
  );
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
