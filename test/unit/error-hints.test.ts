/** Common mistakes: each message names what was given, and what to write instead. */
import { createPyramidPool, createRoiPyramidPool, type PyramidPoolErrorCode } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { expectError, make, map, useLastingRuntime, wrong } from './expect-error.js';

const { runtime, pool } = useLastingRuntime();

type Row = [what: string, given: unknown, words: string[]];

const floats = Float32Array.of(1, 2, 3, 4);
const tfTensor = { shape: [1, 2, 2, 1], dtype: 'float32', dataSync: () => floats, data: async () => floats };
const onGpu = {
  dims: [1, 1, 2, 2],
  type: 'float32',
  location: 'gpu-buffer',
  getData: async () => floats,
  get data() {
    throw new Error('The data is not on CPU.');
  },
};

describe('in place of a map', () => {
  test.each<Row>([
    ['a promise', Promise.resolve(map(1, 2, 2)), ['input is a promise', 'await it first']],
    [
      'a list of promises',
      [Promise.resolve(map(1, 2, 2))],
      ['input[0] is a promise', 'await Promise.all(list)'],
    ],
    [
      'a tensor of tfjs',
      tfTensor,
      ['input is a tensor of TensorFlow.js', 'data: input.dataSync(), dims: input.shape', "layout: 'NHWC'"],
    ],
    [
      'one of them in a list',
      [map(1, 2, 2), tfTensor],
      ['input[1] is a tensor of Tens', 'input[1].dataSync()'],
    ],
    [
      'the results of a session',
      { features: map(1, 2, 2), logits: map(1) },
      ['an object of tensors by name (features, logits)', 'input.features'],
    ],
    ['results with odd names', { 'relu/out:0': map(1, 2, 2) }, ['take one, such as input["relu/out:0"]']],
    ['values and indices', { output: map(1, 2, 2), indices: map(1) }, ['input.output']],
    [
      'a tensor on a GPU',
      onGpu,
      ['input.data cannot be read: The data is not on CPU', 'await input.getData()'],
    ],
    ['an array of elements', floats, ['input is an array of elements', '{ data: input, dims: [...] }']],
    ['a list of numbers', [1, 2, 3], ['input[0] is 1', 'Float32Array.from(input.flat(Infinity))']],
    ['a list in a list', [[map(1, 2, 2)]], ['input[0] is a list of tensors', 'write input.flat()']],
    ['a promise of dims', { data: floats, dims: Promise.resolve([1, 2, 2]) }, ['input.dims is a promise']],
    ['nested lists', [[[1, 2]]], ['input[0] is an array', 'Float32Array.from(input.flat(Infinity))']],
    [
      'an ImageData',
      { data: new Uint8ClampedArray(16), width: 2, height: 2, colorSpace: 'srgb' },
      ['an image of pixels', 'dims: [input.height, input.width, 4]', "layout: 'NHWC'"],
    ],
    [
      'a canvas',
      { [Symbol.toStringTag]: 'HTMLCanvasElement', width: 2, height: 2 },
      ['an image', 'getImageData'],
    ],
    ['an array with a shape', { data: floats, shape: [1, 2, 2] }, ['dims: input.shape']],
    [
      'data without dims',
      { data: floats },
      ['input.dims is undefined', 'an array of sizes, such as [1, 256, 13, 13]'],
    ],
    ['a number', 7, ['input is 7', 'an object with data and dims']],
    ['text', 'map', ["input is 'map'"]],
    ['nothing', null, ['input is null']],
  ])('%s', async (_, given, words) => {
    const spp = await pool();
    const code = words.some((word) => word.includes('dims is')) ? 'invalid-dims' : 'invalid-data';
    await expectError(() => spp.forward(wrong(given)), code, ...words);
    await expectError(() => spp.forwardWithIndicesAsync(wrong(given)), code, ...words);
  });
});

describe('in place of elements', () => {
  const dims = [1, 2, 2];
  test.each<Row>([
    [
      'an array',
      [1, 2, 3, 4],
      ['input.data is [1, 2, 3, 4]', 'Float32Array.from(input.data.flat(Infinity))'],
    ],
    ['a buffer', floats.buffer, ['input.data is an ArrayBuffer', 'new Float32Array(input.data)']],
    ['a promise', Promise.resolve(floats), ['input.data is', 'await it first']],
    ['doubles', new Float64Array(4), ['a Float64Array', 'Float32Array.from(input.data, Number)']],
    ['64-bit integers', new BigInt64Array(4), ['Float32Array.from(input.data, Number)']],
    ['words', new Uint16Array(4), ["have the type 'float16'"]],
  ])('%s', async (_, data, words) => {
    const spp = await pool();
    await expectError(() => spp.forward({ data: wrong(data), dims }), 'invalid-data', ...words);
  });

  test('indices of 64 bits', async () => {
    const spp = await pool({ levels: [1] });
    const indices = { data: new BigInt64Array(1), dims: [1] };
    const back = () => spp.backward(map(1), { dims, indices });
    await expectError(back, 'invalid-data', 'indices.data', 'Int32Array.from(indices.data, Number)');
  });

  test('no conversion is advised for what is to be written to', async () => {
    const spp = await pool({ levels: [1] });
    const out = { data: new Float64Array(1), dims: [1] };
    const error = await Promise.resolve()
      .then(() => spp.forward(map(1, 2, 2), { out }))
      .catch((reason) => reason);
    expect(error.message).toContain('options.out.data is a Float64Array');
    expect(error.message).not.toContain('.from(');
  });
});

describe('in place of a runtime', () => {
  test.each<Row>([
    ['a promise', Promise.resolve(1), ['options.runtime is a promise', 'await createRuntime()']],
    ['a variant', 'simd', ["options.runtime is 'simd'", "await createRuntime({ variant: 'simd' })"]],
    ['its options', { variant: 'simd' }, ['give these options to createRuntime']],
    ['a handle', { kind: 'pyramid-pool runtime' }, ['await attachRuntime(handle)']],
    ['something else', {}, ['options.runtime is an object', 'a Runtime, made by createRuntime']],
  ])('%s', async (_, given, words) => {
    await expectError(make({ levels: [1], runtime: given }), 'invalid-options', ...words);
    const regions = () => createRoiPyramidPool({ levels: [1], runtime: wrong(given) });
    await expectError(regions, 'invalid-options', ...words);
  });

  test('a pool', async () => {
    await expectError(make({ levels: [1], runtime: await pool() }), 'invalid-options', 'write pool.runtime');
  });
});

describe('in place of options', () => {
  test.each<[what: string, call: () => unknown, code: PyramidPoolErrorCode, words: string[]]>([
    ['levels alone', make([4, 2, 1]), 'invalid-options', ['options is [4, 2, 1]', '{ levels: [4, 2, 1] }']],
    ['a promise', make(Promise.resolve({})), 'invalid-options', ['options is a promise', 'await it first']],
    [
      'a tensor to write to',
      async () => (await pool()).forward(map(1, 2, 2), wrong(map(5))),
      'invalid-options',
      ['options.data is not an option', '{ out: tensor }'],
    ],
    [
      'boxes without items',
      async () => {
        using regions = await createRoiPyramidPool({ levels: [1], runtime: runtime() });
        regions.forward(map(1, 2, 2), { data: new Float32Array(8), dims: [2, 4] });
      },
      'invalid-dims',
      ['rois.dims is [2, 4]', 'the number of its item before each box'],
    ],
    [
      'boxes as lists',
      async () => {
        using regions = await createRoiPyramidPool({ levels: [1], runtime: runtime() });
        regions.forward(map(1, 2, 2), wrong([[0, 0, 0, 1, 1]]));
      },
      'invalid-data',
      ['rois is an array', 'Float32Array.from(rois.flat(Infinity))'],
    ],
  ])('%s', (_, call, code, words) => expectError(call, code, ...words));
});

describe('in place of a single tensor', () => {
  const dims = [1, 2, 2];

  test('a list of them, where one is needed', async () => {
    const spp = await pool();
    const out = [map(5)];
    await expectError(
      () => spp.forward(map(...dims), { out: wrong(out) }),
      'invalid-data',
      'options.out is a list of tensors',
      'take one, such as options.out[0]',
    );
    using regions = await createRoiPyramidPool({ levels: [1], runtime: runtime() });
    await expectError(
      () => regions.forward(wrong([map(...dims)]), { data: new Float32Array(5), dims: [1, 5] }),
      'invalid-data',
      'featureMap is a list of tensors',
      'featureMap[0]',
    );
  });

  test('a list of indices, which are whole numbers', async () => {
    const spp = await pool();
    const back = () => spp.backward(map(5), { dims, indices: wrong([0, 1, 2, 3, 0]) });
    await expectError(back, 'invalid-data', 'indices is an array', 'Int32Array.from(indices.flat(Infinity))');
  });

  test('results in a list, where they are named', async () => {
    const spp = await pool();
    const out = [map(5), { data: new Int32Array(5), dims: [5] }];
    await expectError(
      () => spp.forwardWithIndices(map(...dims), { out: wrong(out) }),
      'invalid-options',
      'options.out is [',
      'write { output, indices }',
    );
  });
});

describe('in place of the second argument of backward', () => {
  test('a promise', async () => {
    const spp = await pool();
    const context = wrong(Promise.resolve({}));
    await expectError(
      () => spp.backward(map(5), context),
      'invalid-options',
      'is a promise',
      'dims and indices',
    );
  });

  test('one with the tensor to write to, which would not be written', async () => {
    const spp = await pool();
    const { output, indices } = spp.forwardWithIndices(map(1, 2, 2));
    const context = { dims: [1, 2, 2], indices, out: map(1, 2, 2) };
    await expectError(
      () => spp.backward(output, wrong(context)),
      'invalid-options',
      'the second argument has out',
      'write { out } as the third',
    );
  });
});

test('maps of the other layout', async () => {
  const spp = await pool();
  const maps = [map(1, 3, 4, 5), map(1, 2, 7, 5)];
  await expectError(
    () => spp.forward(maps),
    'invalid-dims',
    'input[1].dims has 2 channels',
    "layout: 'NHWC'",
  );
  const other = await createPyramidPool({ levels: [1], layout: 'NHWC', runtime: runtime() });
  await expectError(() => other.forward([map(5, 3, 4), map(5, 2, 7)]), 'invalid-dims', "layout: 'NCHW'");
});

test('getters that throw come to no harm', async () => {
  const spp = await pool();
  const get = () => {
    throw new Error('sly');
  };
  const sly = Object.defineProperty({}, 'then', { get });
  await expectError(() => spp.forward(wrong(sly)), 'invalid-dims', 'input.dims is undefined');
});
