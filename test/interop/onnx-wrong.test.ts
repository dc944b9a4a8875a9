/** Damaged files and wrong calls give errors that say what is wrong, and none hangs. */
import * as ort from 'onnxruntime-web';
import { PyramidPoolError as PoolError, type PyramidPoolError } from 'pyramid-pool';
import { createModel, makePortable, type OrtModule } from 'pyramid-pool/onnx';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { exported, exportedFile, setUpOrt } from './onnx-files.js';
import { FLOAT, INT64, model, node, numbers, type Parts, value, weights } from './onnx-graphs.js';

beforeAll(setUpOrt);

const { bytes, runs } = exportedFile('pyramid-new.onnx');
const text = (it: string) => new TextEncoder().encode(it);

async function errorOf(work: () => unknown): Promise<PyramidPoolError> {
  try {
    await work();
  } catch (error) {
    return error as PyramidPoolError;
  }
  throw new Error('nothing was thrown');
}

async function expectError(work: () => unknown, code: string, ...parts: string[]): Promise<void> {
  const error = await errorOf(work);
  expect(error).toMatchObject({ name: 'PyramidPoolError', code });
  for (const part of parts) expect(error.message).toContain(part);
}

describe('files', () => {
  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'it is empty'],
    ['a page', text('<!doctype html><title>404</title>'), 'a page or XML'],
    ['a checkpoint of PyTorch', text('PK\x03\x04 archive/data.pkl'), 'zip archive'],
    ['a pointer of Git LFS', text('version https://git-lfs.github.com/spec/v1'), 'Git LFS'],
    ['a file of ONNX Runtime', text('\x14\x00\x00\x00ORTM\x00\x00'), "ONNX Runtime's own format"],
    ['text', text('hello, this is a text'), 'no ONNX file'],
    ['half a file', bytes.subarray(0, bytes.length >> 1), 'ends in the middle'],
    ['bytes that are no message', new Uint8Array(64).fill(255), 'no ONNX file'],
    ['a message without a graph', new Uint8Array([8, 8]), 'no graph'],
  ])('%s', async (_, given, part) => {
    await expectError(() => createModel(given, { ort }), 'invalid-model', part);
    await expectError(() => makePortable(given), 'invalid-model', part);
  });

  const image = value('image', ['n', 3, 'h', 'w']);
  const pool = (attributes: Parameters<typeof node>[3], operator = 'AdaptiveMaxPool') =>
    node(`pyramid_pool::${operator}`, ['image'], ['pooled'], attributes);
  const with_ = (nodes: Parts['node'], rest: Partial<Parts> = {}) =>
    model({ input: [image], output: [value('pooled', undefined)], node: nodes, ...rest });

  test.each<[string, Uint8Array, string, string]>([
    [
      'another version of the domain',
      with_([pool({ output_size: [2] })], { domains: { pyramid_pool: 2 } }),
      'unsupported-model',
      'version 2',
    ],
    [
      'an operator that does not exist',
      with_([pool({}, 'AdaptiveMinPool')]),
      'unsupported-model',
      'AdaptiveMinPool',
    ],
    ['no sizes', with_([pool({})]), 'unsupported-model', 'output_size'],
    [
      'sizes that are none',
      with_([pool({ output_size: [0, 2] })]),
      'unsupported-model',
      'output_size is [0,2]',
    ],
    ['no levels', with_([pool({}, 'SpatialPyramidPool')]), 'unsupported-model', 'levels'],
    [
      'an unknown reduction',
      with_([pool({ levels: [2], reduction: 'sum' }, 'SpatialPyramidPool')]),
      'unsupported-model',
      "'sum'",
    ],
    [
      'an unknown order',
      with_([pool({ levels: [2], output_order: 'rows' }, 'SpatialPyramidPool')]),
      'unsupported-model',
      "output_order is 'rows'",
    ],
    [
      'pools over three dimensions',
      with_([
        node('org.pytorch.aten::ATen', ['image'], ['pooled'], {
          operator: 'adaptive_avg_pool3d',
          output_size: [1],
        }),
      ]),
      'unsupported-model',
      '3 dimensions',
    ],
    [
      'a size that is computed',
      with_([
        node('org.pytorch.aten::ATen', ['image', 'image'], ['pooled'], { operator: 'adaptive_avg_pool2d' }),
      ]),
      'unsupported-model',
      'output size',
    ],
    [
      'a value that nothing makes',
      with_([pool({ output_size: [2] }), node('Add', ['pooled', 'lost'], ['x'])], {
        output: [value('x', undefined)],
      }),
      'invalid-model',
      "'lost'",
    ],
    [
      'a circle',
      with_([node('Add', ['image', 'b'], ['a']), node('Neg', ['a'], ['b'])], {
        output: [value('b', undefined)],
      }),
      'invalid-model',
      'depends on itself',
    ],
    [
      'an operator that ONNX Runtime does not know',
      with_([node('Nonsense', ['image'], ['pooled'])]),
      'session-failed',
      'Nonsense',
    ],
  ])('%s', async (_, given, code, part) => {
    await expectError(() => createModel(given, { ort }), code, part);
  });

  test('a function that calls itself', async () => {
    const self = node('mine::Self', ['x'], ['y']);
    const functions = [
      {
        name: 'Self',
        domain: 'mine',
        input: ['x'],
        output: ['y'],
        attribute: [],
        node: [pool({ output_size: [2] }), self],
        opsetImport: [{ domain: '', version: 17 }],
      },
    ] as Parts['functions'];
    const given = with_([node('mine::Self', ['image'], ['pooled'])], { functions, domains: { mine: 1 } });
    await expectError(() => createModel(given, { ort }), 'invalid-model', 'calls itself');
  });

  test('a weight that is no weight', async () => {
    const broken = { name: 'filters', dims: [3], dataType: FLOAT, rawData: new Uint8Array(5) };
    const given = with_([node('Add', ['image', 'filters'], ['pooled'])], { initializer: [broken] });
    await expectError(() => createModel(given, { ort }), 'session-failed');
  });
});

describe('options', () => {
  const wrong = (options: object) => () => createModel(bytes, { ort, ...options } as never);
  test.each<[string, () => unknown, string, string]>([
    ['no options', () => createModel(bytes, undefined as never), 'invalid-options', 'ort'],
    ['no ONNX Runtime', wrong({ ort: {} }), 'invalid-options', 'options.ort'],
    ['an unknown option', wrong({ level: 1 }), 'invalid-options', 'options.level'],
    ['an unknown way', wrong({ pooling: 'gpu' }), 'invalid-options', 'options.pooling'],
    ['a runtime that is none', wrong({ runtime: {} }), 'invalid-options', 'options.runtime'],
    ['session options that are none', wrong({ session: 'wasm' }), 'invalid-options', 'options.session'],
    ['outputs that are none', wrong({ outputs: [] }), 'invalid-options', 'options.outputs'],
    ['a value that does not exist', wrong({ outputs: ['rleu'] }), 'unknown-value', "'relu'"],
    [
      'a pyramid without levels',
      wrong({ pyramid: { at: 'relu' } }),
      'invalid-levels',
      'options.pyramid.levels',
    ],
    [
      'a pyramid on nothing',
      wrong({ pyramid: { levels: [2], at: 'relu5' } }),
      'unknown-value',
      "options.pyramid.at is 'relu5'",
    ],
    [
      'an unknown order of a pyramid',
      wrong({ pyramid: { levels: [2], at: 'relu', outputOrder: 'channel' } }),
      'invalid-options',
      'options.pyramid.outputOrder',
    ],
    [
      'an unknown option of a pyramid',
      wrong({ pyramid: { levels: [2], on: 'relu' } }),
      'invalid-options',
      'pyramid.on',
    ],
    ['a source that is none', () => createModel(7 as never, { ort }), 'invalid-options', 'the model is 7'],
    ['an address that is none', () => createModel('http://', { ort }), 'invalid-options', 'an absolute URL'],
    [
      'an address where nothing is',
      () => createModel(new Response(null, { status: 404 }), { ort }),
      'missing-data',
      '404',
    ],
    ['bytes that are none', () => makePortable('model.onnx' as never), 'invalid-options', 'bytes'],
    ['inline that is none', () => makePortable(bytes, { inline: 1 as never }), 'invalid-options', 'inline'],
  ])('%s', async (_, work, code, part) => {
    await expectError(work, code, part);
  });

  test('bytes, buffers, files and responses are all taken', async () => {
    const file = new File([bytes], 'model.onnx');
    for (const source of [bytes, bytes.buffer, new DataView(bytes.buffer), file, new Response(bytes)]) {
      const made = await createModel(source, { ort });
      expect(made.pools.length).toBe(3);
      await made.dispose();
      await made.dispose();
    }
  });
});

test('feeds', async () => {
  const made = await createModel(bytes, { ort });
  const { input } = runs[0]!.feeds;
  const wrong = (feeds: unknown) => () => made.run(feeds as never);
  await expectError(wrong(undefined), 'invalid-feeds', 'feeds is undefined');
  await expectError(wrong({}), 'invalid-feeds', "no 'input'");
  await expectError(wrong({ inptu: input }), 'invalid-feeds', 'feeds.inptu', "did you mean 'input'");
  await expectError(wrong({ input: numbers(4) }), 'invalid-feeds', 'feeds.input', 'ort.Tensor');
  const ints = new ort.Tensor('int32', new Int32Array(48), [1, 3, 4, 4]);
  await expectError(wrong({ input: ints }), 'invalid-feeds', 'of int32', 'float32');
  const grey = new ort.Tensor('float32', numbers(16), [1, 1, 4, 4]);
  await expectError(wrong({ input: grey }), 'invalid-feeds', '[1, 1, 4, 4]', '[n, 3, h, w]');
  await expectError(() => made.runAll([]), 'invalid-feeds', 'array');
  await expectError(() => made.runAll([{ input: input! }, {}]), 'invalid-feeds', 'feeds[1]');
  // The model still works.
  expect((await made.run({ input: input! })).linear!.dims).toEqual([1, 10]);
  await made.dispose();
  await expectError(wrong({ input }), 'disposed');
});

test('a pool of what is no map', async () => {
  const backbone = model({
    input: [value('image', ['n', 'c'])],
    output: [value('row', undefined)],
    node: [node('Relu', ['image'], ['row'])],
  });
  const made = await createModel(backbone, { ort, pyramid: { levels: [2] } });
  const feeds = { image: new ort.Tensor('float32', numbers(6), [2, 3]) };
  await expectError(() => made.run(feeds), 'invalid-dims', "'row'", '[N, C, H, W]');
});

/** A session that takes any model and computes nothing: these tests are of the package's own reader. */
const anyOrt: OrtModule = {
  Tensor: ort.Tensor as unknown as OrtModule['Tensor'],
  InferenceSession: { create: async () => ({ run: async () => ({}), release: async () => {} }) },
};

/** Random numbers that repeat. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Damages a file: bytes changed, taken out, doubled, or its end cut off. */
function damage(file: Uint8Array, random: () => number): Uint8Array {
  const at = () => Math.floor(random() * file.length);
  const copy = Uint8Array.from(file);
  for (let n = 1 + Math.floor(random() * 4); n > 0; n--) copy[at()] = Math.floor(random() * 256);
  const [a, b] = [at(), at()].sort((x, y) => x - y) as [number, number];
  const kind = Math.floor(random() * 4);
  if (kind === 0) return copy.subarray(0, b);
  if (kind === 1) return Uint8Array.from([...copy.subarray(0, a), ...copy.subarray(b)]);
  if (kind === 2) return Uint8Array.from([...copy.subarray(0, b), ...copy.subarray(a)]);
  return copy;
}

test('damaged files give errors with a code, or models', async () => {
  const { seed, minutes } = inject('random');
  const random = randomFrom(seed);
  const until = Date.now() + minutes * 60_000;
  const counts: Record<string, number> = {};
  const others = [
    model({
      domains: { mine: 1 },
      input: [value('x', undefined)],
      output: [value('z', undefined)],
      initializer: [weights('w', [2, 2]), { name: 's', dims: [2], dataType: INT64, int64Data: [1, 2] }],
      functions: [
        {
          name: 'F',
          domain: 'mine',
          input: ['a'],
          output: ['b'],
          attribute: [],
          node: [node('pyramid_pool::AdaptiveMaxPool', ['a'], ['b'], { output_size: [2] })],
          opsetImport: [{ domain: '', version: 17 }],
        },
      ] as Parts['functions'],
      node: [
        node('If', ['x'], ['y'], {
          then_branch: { node: [node('mine::F', ['x'], ['t'])], output: [value('t', undefined)] },
        }),
        node('mine::F', ['y'], ['z']),
      ],
    }),
  ];
  const files = [...exported.map(({ bytes }) => bytes), ...others];
  for (let i = 0; i < 3000 || Date.now() < until; i++) {
    const file = damage(files[i % files.length]!, random);
    const started = performance.now();
    for (const work of [
      () => createModel(file, { ort: anyOrt }),
      () => makePortable(file, { inline: i % 2 === 0 }),
    ]) {
      try {
        await work();
        counts.fine = (counts.fine ?? 0) + 1;
      } catch (error) {
        if (!(error instanceof PoolError)) throw error;
        counts[error.code] = (counts[error.code] ?? 0) + 1;
      }
    }
    expect(performance.now() - started, `file ${i} of seed ${seed}`).toBeLessThan(5000);
  }
  expect(Object.keys(counts)).toEqual(expect.arrayContaining(['fine', 'invalid-model']));
});
