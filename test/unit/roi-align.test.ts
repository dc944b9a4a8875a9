/** RoIAlign over pyramids: torchvision's answers, and wrong calls. */
import { createRoiPyramidPool, type PyramidPoolErrorCode } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { expectBits, expectSame } from './bits.js';
import { expectError } from './expect-error.js';
import { goldenAlign } from './golden-align.js';
import { mapDims, mapTo, outputTo } from './layouts.js';
import { runtimeName, testedRuntimes, useRuntime } from './runtimes.js';

describe.each(testedRuntimes.filter(({ threads }) => !threads || threads === 3))(
  '$variant $threads',
  (options) => {
    const runtime = useRuntime(options);

    for (const layout of ['NCHW', 'NHWC'] as const) {
      test(`gives torchvision's bits in ${layout}`, async () => {
        expect(goldenAlign.length).toBe(120);
        for (const golden of goldenAlign) {
          const what = `${golden.id}, ${layout}, ${runtimeName(options)}`;
          const { shape, levels } = golden;
          const pool = await createRoiPyramidPool({
            levels,
            rule: 'roi-align',
            ...golden.options,
            layout,
            runtime: runtime(),
          });
          const dims = mapDims(shape, layout);
          const rois = { data: golden.rois, dims: [golden.rois.length / 5, 5] };
          const rows = [rois.dims[0], ...shape.slice(1)] as typeof shape;
          const map = { data: mapTo(golden.x, shape, layout), dims };
          const output = pool.forward(map, rois);
          expectBits(output.data, outputTo(golden.y, rows, levels, layout), `${what}: output`);
          const later = await pool.forwardAsync(map, rois);
          expectBits(later.data, output.data, `${what}: output, async`);
          const gy = { data: outputTo(golden.gy, rows, levels, layout), dims: output.dims };
          const gradient = pool.backward(gy, { dims, rois });
          expect(gradient.dims).toEqual(dims);
          expectBits(gradient.data, mapTo(golden.gx, shape, layout), `${what}: gradient`);
        }
      });
    }
  },
);

describe('roi-align', () => {
  const runtime = useRuntime({ variant: 'simd' });
  const pool = (options: object = {}) =>
    createRoiPyramidPool({ levels: [2, 1], rule: 'roi-align', runtime: runtime(), ...options });
  const map = { data: Float32Array.from({ length: 2 * 16 }, (_, i) => i), dims: [2, 1, 4, 4] };
  const rois = { data: Float32Array.of(1, 0.5, 0.5, 2.5, 2.5), dims: [1, 5] };

  test('averages samples between cells', async () => {
    expectSame(
      (await pool({ samplingRatio: 1 })).forward(map, rois).data,
      [21, 22, 25, 26, 23.5],
      'one sample a bin',
    );
    expectSame((await pool({ aligned: true })).forward(map, rois).data.subarray(4), [21], 'aligned');
  });

  test('no regions give no rows and no gradient', async () => {
    const none = { data: new Float32Array(), dims: [0, 5] };
    const align = await pool();
    const output = align.forward(map, none);
    expect(output.dims).toEqual([0, 5]);
    const gradient = align.backward(output, { dims: map.dims, rois: none });
    expect(gradient.data.every((value) => value === 0)).toBe(true);
  });

  test('options have the defaults of torchvision', async () => {
    expect((await pool()).options).toEqual({
      levels: [
        [2, 2],
        [1, 1],
      ],
      rule: 'roi-align',
      reduction: 'average',
      spatialScale: 1,
      samplingRatio: -1,
      aligned: false,
      layout: 'NCHW',
      outputOrder: 'levels',
    });
  });

  const gradient = { data: new Float32Array(5), dims: [1, 5] };
  const indices = { data: new Int32Array(5), dims: [1, 5] };
  test.each<[code: PyramidPoolErrorCode, words: string, call: () => unknown]>([
    ['invalid-options', 'averages have no indices', async () => (await pool()).forwardWithIndices(map, rois)],
    [
      'invalid-options',
      'indices is an object, but must be left out',
      async () => (await pool()).backward(gradient, { dims: map.dims, rois, indices }),
    ],
    [
      'invalid-options',
      "'roi-align' samples the map",
      async () => (await pool()).binBounds(4, 4, [0, 0, 1, 1]),
    ],
    [
      'invalid-data',
      'featureMap.data is a Uint8Array, but must be',
      async () => (await pool()).forward({ data: new Uint8Array(16), dims: [1, 4, 4] }, rois),
    ],
    ['invalid-options', 'options.samplingRatio is 1.5', () => pool({ samplingRatio: 1.5 })],
    ['invalid-options', 'options.samplingRatio is 46341', () => pool({ samplingRatio: 46341 })],
    ['invalid-options', 'options.aligned is 1, but must be true or false', () => pool({ aligned: 1 })],
    [
      'invalid-options',
      "options.reduction is 'max', but must be 'average'",
      () => pool({ reduction: 'max' }),
    ],
    ['invalid-options', 'options.step is 16, but must be left out', () => pool({ step: 16 })],
    ['invalid-options', 'options.aligned is true', () => pool({ rule: 'roi-pool', aligned: true })],
    ['invalid-options', 'options.samplingRatio is 2', () => pool({ rule: 'spp-net', samplingRatio: 2 })],
  ])('%s: %s', async (code, words, call) => {
    await expectError(call, code, words);
  });
});
