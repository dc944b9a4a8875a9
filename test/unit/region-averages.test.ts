/** Averages over the bins of regions: near the true ones, forward and backward, in every engine, layout and order. */
import { createRoiPyramidPool, type RoiPyramidPoolOptions } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { fill } from '../corpus/random.mjs';
import { expectError } from './expect-error.js';
import { mapDims, mapTo, outputTo } from './layouts.js';
import { testedRuntimes, useRuntime } from './runtimes.js';

const shape = [2, 19, 9, 11] as const;
const levels = [
  [3, 3],
  [2, 1],
] as [number, number][];
const rules: Pick<RoiPyramidPoolOptions, 'rule' | 'spatialScale' | 'step' | 'offset0' | 'offset'>[] = [
  { rule: 'roi-pool', spatialScale: 0.5 },
  { rule: 'spp-net', step: 2, offset: 0.5, offset0: 1 },
];

/** Regions inside, across the border and outside. */
const regions = [
  [0, 0, 0, 21, 17],
  [1, 3, 5, 9, 6],
  [0, -8, 4, 5, 40],
  [1, 60, 60, 80, 80],
  [1, 7, 7, 7, 7],
] as const;

/** Averages and the gradient of `gy` in NCHW, summed in double precision over the bins that the pool itself names. */
async function expectedOf(rule: (typeof rules)[number], x: Float32Array, gy: Float32Array, runtime: object) {
  const pool = await createRoiPyramidPool({ levels, ...rule, ...runtime });
  const [, channels, height, width] = shape;
  const output: number[] = [];
  const gradient = new Float64Array(x.length);
  const magnitudes = new Float64Array(x.length);
  for (const [item, ...corners] of regions) {
    for (const { rows, columns } of pool.binBounds(height, width, corners)) {
      for (let channel = 0; channel < channels; channel++) {
        for (const [top, bottom] of rows) {
          for (const [left, right] of columns) {
            const share = (gy[output.length] as number) / ((bottom - top) * (right - left));
            let sum = 0;
            for (let row = top; row < bottom; row++) {
              for (let column = left; column < right; column++) {
                const cell = ((item * channels + channel) * height + row) * width + column;
                sum += x[cell] as number;
                gradient[cell] = (gradient[cell] as number) + share;
                magnitudes[cell] = (magnitudes[cell] as number) + Math.abs(share);
              }
            }
            output.push(sum === 0 ? 0 : sum / ((bottom - top) * (right - left)));
          }
        }
      }
    }
  }
  return { output, gradient, magnitudes };
}

describe.each(testedRuntimes.filter(({ threads }) => !threads || threads === 2))(
  '$variant $threads',
  (options) => {
    const runtime = useRuntime(options);

    for (const layout of ['NCHW', 'NHWC'] as const) {
      test(`averages of regions and their gradients are near the true ones in ${layout}`, async () => {
        const x = fill('unit', 7, 2 * 19 * 99);
        const rois = { data: Float32Array.from(regions.flat()), dims: [regions.length, 5] };
        const gy = fill('unit', 8, regions.length * 19 * 11);
        const rows = [regions.length, ...shape.slice(1)] as unknown as typeof shape;
        for (const rule of rules) {
          const expected = await expectedOf(rule, x, gy, { runtime: runtime() });
          const pool = await createRoiPyramidPool({
            levels,
            ...rule,
            reduction: 'average',
            layout,
            runtime: runtime(),
          });
          const dims = mapDims(shape, layout);
          const found = pool.forward({ data: mapTo(x, shape, layout), dims }, rois);
          const arrange = (values: ArrayLike<number>) =>
            outputTo(Float32Array.from(values), rows, levels, layout);
          arrange(expected.output).forEach((value, i) => {
            expect(Math.abs((found.data[i] as number) - value), `${rule.rule}, ${i}`).toBeLessThan(1e-6);
          });
          const gradient = pool.backward({ data: arrange(gy), dims: found.dims }, { dims, rois });
          const [values, most] = [expected.gradient, expected.magnitudes].map((numbers) =>
            mapTo(Float32Array.from(numbers), shape, layout),
          ) as [Float32Array, Float32Array];
          values.forEach((value, i) => {
            const off = Math.abs((gradient.data[i] as number) - value);
            expect(off, `${rule.rule}, cell ${i}`).toBeLessThanOrEqual(1e-6 * (most[i] as number));
          });
        }
      });
    }
  },
);

describe('averages of regions', () => {
  const runtime = useRuntime({ variant: 'simd' });
  const pool = () => createRoiPyramidPool({ levels: [1], reduction: 'average', runtime: runtime() });
  const rois = { data: Float32Array.of(0, 0, 0, 1, 1), dims: [1, 5] };

  test('have no indices, and none of bytes', async () => {
    const bytes = { data: new Uint8Array(4), dims: [1, 2, 2] };
    const map = { data: new Float32Array(4), dims: [1, 2, 2] };
    await expectError(
      async () => (await pool()).forward(bytes, rois),
      'invalid-data',
      'featureMap.data is a Uint8Array',
    );
    await expectError(
      async () => (await pool()).forwardWithIndices(map, rois),
      'invalid-options',
      'averages have no indices',
    );
  });
});
