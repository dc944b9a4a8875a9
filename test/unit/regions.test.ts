/** Pyramids over regions of a map: torchvision's answers, SPP-net's, and wrong calls. */
import {
  chooseScale,
  createPyramidPool,
  createRoiPyramidPool,
  type PyramidPoolErrorCode,
  scaleWindow,
} from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { expectBits, expectClose, expectSame, largestFinite } from './bits.js';
import { expectError } from './expect-error.js';
import { type GoldenRegions, goldenRegions } from './golden.js';
import { mapDims, mapTo, outputTo } from './layouts.js';
import { runtimeName, testedRuntimes, useRuntime } from './runtimes.js';

test('the golden regions are there', () => {
  expect(goldenRegions.filter(({ training }) => training).length).toBe(17);
  expect(goldenRegions.filter(({ floored }) => floored).length).toBe(8);
});

/** Regions repeated so often that tables of maxima and threads are worth it. */
function repeatedRows<A extends Float32Array | Int32Array>(data: A, times: number): A {
  const all = new (data.constructor as new (length: number) => A)(data.length * times);
  for (let i = 0; i < times; i++) all.set(data, i * data.length);
  return all;
}

async function check(
  golden: GoldenRegions,
  times: number,
  [layout, outputOrder]: readonly ['NCHW' | 'NHWC', 'levels' | 'channels'],
  runtime: Parameters<typeof createRoiPyramidPool>[0]['runtime'],
  what: string,
): Promise<void> {
  const { shape, levels, options, floored, training } = golden;
  const [, channels, ...size] = shape;
  const count = golden.rois.length / 5;
  const rows = [count, channels, ...size] as typeof shape;
  const arrange = <A extends Float32Array | Int32Array>(data: A) =>
    repeatedRows(outputTo(data, rows, levels, layout, outputOrder), times);
  const pool = await createRoiPyramidPool({ levels, ...options, layout, outputOrder, runtime });
  const dims = mapDims(shape, layout);
  const map = { data: mapTo(golden.x, shape, layout), dims };
  const rois = { data: repeatedRows(golden.rois, times), dims: [count * times, 5] };

  const { output, indices } = pool.forwardWithIndices(map, rois);
  const values = pool.forward(map, rois).data;
  expectBits(values, output.data, `${what}: values`);
  const floor = (data: Float32Array) => (floored ? data.map((value) => Math.max(0, value)) : data);
  expectBits(floor(output.data), arrange(golden.y), `${what}: output`);
  const later = await pool.forwardWithIndicesAsync(map, rois);
  expectBits(later.output.data, output.data, `${what}: output, async`);
  expectSame(later.indices.data, indices.data, `${what}: indices, async`);
  if (!training) return;

  expectSame(indices.data, arrange(training.argmax), `${what}: indices`);
  // Repeated gradients would add up to others.
  const gy = arrange(training.gy).fill(0, training.gy.length);
  const gradient = pool.backward({ data: gy, dims: output.dims }, { dims, rois, indices });
  expect(gradient.dims).toEqual(dims);
  const gx = mapTo(training.gx, shape, layout);
  if (training.exact) expectBits(gradient.data, gx, `${what}: gradient`);
  else expectClose(gradient.data, gx, 1e-5 * largestFinite(gx), `${what}: gradient`);
}

describe.each(testedRuntimes.filter(({ threads }) => !threads || threads === 3))(
  '$variant $threads',
  (options) => {
    const runtime = useRuntime(options);

    for (const arrangement of [
      ['NCHW', 'levels'],
      ['NHWC', 'levels'],
      ['NCHW', 'channels'],
      ['NHWC', 'channels'],
    ] as const) {
      test(`gives the expected bits in ${arrangement.join(' and the order of ')}`, async () => {
        for (const golden of goldenRegions) {
          for (const times of [1, 40]) {
            const what = `${golden.id} x ${times}, ${arrangement}, ${runtimeName(options)}`;
            await check(golden, times, arrangement, runtime(), what);
          }
        }
      });
    }

    test('a region that is the whole map gives what the map gives', async () => {
      const dims = [2, 19, 24, 31];
      const data = Float32Array.from({ length: 2 * 19 * 24 * 31 }, (_, i) => Math.sin(i * i));
      const levels = [6, 3, 2, 1];
      const whole = await createPyramidPool({ levels, runtime: runtime() });
      const regions = await createRoiPyramidPool({ levels, runtime: runtime() });
      const expected = whole.forwardWithIndices({ data, dims });
      const rois = Float32Array.from(
        { length: 400 * 5 },
        (_, i) => [i < 1000 ? 0 : 1, 0, 0, 30, 23][i % 5] as number,
      );
      const found = regions.forwardWithIndices({ data, dims }, { data: rois, dims: [400, 5] });
      const row = 19 * 50;
      for (const k of [0, 199, 200, 399]) {
        const item = k < 200 ? 0 : row;
        expectBits(
          found.output.data.subarray(k * row, (k + 1) * row),
          expected.output.data.subarray(item, item + row),
          'output',
        );
        expectSame(
          found.indices.data.subarray(k * row, (k + 1) * row),
          expected.indices.data.subarray(item, item + row),
          'indices',
        );
      }
    });
  },
);

describe('regions', () => {
  const runtime = useRuntime({ variant: 'simd' });
  const pool = (options: object = {}) =>
    createRoiPyramidPool({ levels: [2, 1], runtime: runtime(), ...options });
  const map = { data: Float32Array.from({ length: 2 * 16 }, (_, i) => i), dims: [2, 1, 4, 4] };
  const rois = (...data: number[]) => ({ data: Float32Array.from(data), dims: [data.length / 5, 5] });

  test('rank 3 is an image alone', async () => {
    const spp = await pool();
    const image = { data: map.data.subarray(16), dims: [1, 4, 4] };
    expectSame(spp.forward(image, rois(0, 0, 0, 3, 3)).data, [21, 23, 29, 31, 31], 'output');
  });

  test('regions come in any order of items', async () => {
    const { output, indices } = (await pool()).forwardWithIndices(
      map,
      rois(1, 0, 0, 0, 0, 0, 0, 0, 3, 3, 1, 3, 3, 3, 3),
    );
    expect(output.dims).toEqual([3, 5]);
    expectSame(output.data, [16, 16, 16, 16, 16, 5, 7, 13, 15, 15, 31, 31, 31, 31, 31], 'output');
    expectSame(indices.data.subarray(5, 10), [5, 7, 13, 15, 15], 'indices');
  });

  test('no regions give no rows and no gradient', async () => {
    const spp = await pool();
    const { output, indices } = spp.forwardWithIndices(map, rois());
    expect(output.dims).toEqual([0, 5]);
    const gradient = spp.backward(output, { dims: map.dims, rois: rois(), indices });
    expect(gradient.data.every((value) => value === 0)).toBe(true);
  });

  test('results are written to tensors given as out', async () => {
    const spp = await pool();
    using output = runtime().tensor([1, 5]);
    using indices = runtime().tensor([1, 5], 'int32');
    using x = runtime().tensor(map.dims);
    using regions = runtime().tensor([1, 5]);
    x.data.set(map.data);
    regions.data.set([1, 0, 0, 3, 3]);
    expect(spp.forwardWithIndices(x, regions, { out: { output, indices } }).output).toBe(output);
    expectSame(output.data, [21, 23, 29, 31, 31], 'output');
  });

  test('bin bounds tell which cells a bin of a region reads', async () => {
    expect((await pool({ spatialScale: 0.5 })).binBounds(9, 9, [2, 4, 12, 40])).toEqual([
      {
        rows: [
          [2, 9],
          [9, 9],
        ],
        columns: [
          [1, 4],
          [4, 7],
        ],
      },
      { rows: [[2, 9]], columns: [[1, 7]] },
    ]);
    expect((await pool({ rule: 'spp-net', step: 16 })).binBounds(13, 13, [0, 0, 207, 207])[1]).toEqual({
      rows: [[0, 12]],
      columns: [[0, 12]],
    });
  });

  const gone = async () => {
    const spp = await pool();
    spp.dispose();
    return spp.forward(map, rois());
  };
  const indices = (fill: number) => ({ data: new Int32Array(5).fill(fill), dims: [1, 5] });
  const backward = (context: object) => async () =>
    (await pool()).backward(
      { data: new Float32Array(5), dims: [1, 5] },
      { dims: map.dims, rois: rois(0, 0, 0, 3, 3), indices: indices(0), ...context },
    );
  const forward =
    (regions: unknown, input: unknown = map) =>
    async () =>
      (await pool()).forward(input as typeof map, regions as typeof map);

  test.each<[code: PyramidPoolErrorCode, words: string, call: () => unknown]>([
    [
      'invalid-regions',
      'rois.data[0] is 2, but must be the number of one of 2 items',
      forward(rois(2, 0, 0, 1, 1)),
    ],
    ['invalid-regions', 'rois.data[5] is 0.5', forward(rois(0, 0, 0, 1, 1, 0.5, 0, 0, 1, 1))],
    ['invalid-regions', 'rois.data[0] is -1', forward(rois(-1, 0, 0, 1, 1))],
    ['invalid-regions', 'rois.data[3] is NaN, but must be finite', forward(rois(0, 0, 0, Number.NaN, 1))],
    [
      'invalid-dims',
      'rois.dims is [5], but must be [K, 5]',
      forward({ data: new Float32Array(5), dims: [5] }),
    ],
    ['invalid-dims', 'rois.dims is [5, 4]', forward({ data: new Float32Array(20), dims: [5, 4] })],
    ['invalid-data', 'rois.data is an Int32Array', forward({ data: new Int32Array(5), dims: [1, 5] })],
    ['invalid-data', 'rois is undefined', forward(undefined)],
    ['invalid-dims', 'featureMap.dims', forward(rois(), { data: new Float32Array(4), dims: [4] })],
    [
      'invalid-indices',
      'indices.data[0] is 16, but a plane of 4 x 4 has 16 cells',
      backward({ indices: indices(16) }),
    ],
    ['invalid-indices', 'indices.data[0] is -2', backward({ indices: indices(-2) })],
    ['invalid-dims', 'gradOutput.dims is [1, 5], but must be [0, 5]', backward({ rois: rois() })],
    ['disposed', 'disposed', gone],
    ['invalid-options', "options.rule is 'align'", () => pool({ rule: 'align' })],
    ['invalid-options', 'options.step is 16', () => pool({ step: 16 })],
    ['invalid-options', 'options.spatialScale is 0', () => pool({ spatialScale: 0 })],
    ['invalid-options', 'options.step is -1', () => pool({ rule: 'spp-net', step: -1 })],
    ['invalid-options', 'options.scale is not an option', () => pool({ scale: 1 })],
    ['invalid-levels', 'options.levels', () => pool({ levels: [] })],
    [
      'invalid-regions',
      'roi[1] is NaN, but must be a finite number of float32',
      async () => (await pool()).binBounds(4, 4, [0, Number.NaN, 1, 1]),
    ],
    ['invalid-regions', 'roi[3] is 1e+39', async () => (await pool()).binBounds(4, 4, [0, 0, 1, 1e39])],
    [
      'invalid-regions',
      'rois.data[0] is 1, but must be 0, for the only item',
      forward(rois(1, 0, 0, 1, 1), { data: new Float32Array(16), dims: [1, 4, 4] }),
    ],
  ])('%s: %s', async (code, words, call) => {
    await expectError(call, code, words);
    expectSame((await pool()).forward(map, rois(0, 0, 0, 0, 0)).data, [0, 0, 0, 0, 0], 'the next call');
  });

  test('an index of -1 takes no gradient', async () => {
    const gradient = await backward({ indices: indices(-1) })();
    expect(gradient.data.every((value) => value === 0)).toBe(true);
  });
});

describe('scales', () => {
  test('a window gets the scale at which it comes nearest to 224 x 224', () => {
    expect(chooseScale([0, 0, 223, 223], 480)).toBe(480);
    expect(chooseScale([0, 0, 99, 99], 480)).toBe(1200);
    expect(chooseScale([10, 10, 189, 189], 480)).toBe(576);
    expect(chooseScale([0, 0, 99, 99], 400, { scales: [300, 900], windowSize: 208 })).toBe(900);
    expect(scaleWindow([0, 10, 479, 479], 480, 959)).toEqual([0, 20, 958, 958]);
    expect(() => chooseScale([3, 0, 1, 5], 480)).toThrow('window');
  });
});
