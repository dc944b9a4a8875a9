/** Averages are near the true ones for bins of every size: they are compared with sums in double precision. */
import { createPyramidPool } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { halfToNumber } from './halves.js';
import { testedRuntimes, useRuntime } from './runtimes.js';

const layouts = ['NCHW', 'NHWC'] as const;
const mean = (values: Iterable<number>) => {
  let [sum, count] = [0, 0];
  for (const value of values) [sum, count] = [sum + value, count + 1];
  return sum / count;
};

describe.each(testedRuntimes.filter(({ threads }) => !threads || threads === 2))(
  '$variant $threads',
  (options) => {
    const runtime = useRuntime(options);

    for (const layout of layouts) {
      const average = (levels: readonly (number | readonly [number, number])[]) =>
        createPyramidPool({ levels, layout, reduction: 'average', runtime: runtime() });
      const dimsOf = (height: number, width: number) =>
        layout === 'NCHW' ? [1, 1, height, width] : [1, height, width, 1];

      test(`averages are within 1e-6 of the largest cell, in ${layout}`, async () => {
        const pool = await average([1]);
        for (const [height, width] of [
          [13, 13],
          [56, 56],
          [224, 224],
          [1, 1000],
          [160_000, 1],
          [1, 160_000],
        ] as const) {
          for (const offset of [0, -0.5]) {
            const random = (i: number) => (Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 24 + offset;
            const data = Float32Array.from({ length: height * width }, (_, i) => random(i));
            const found = pool.forward({ data, dims: dimsOf(height, width) }).data[0] as number;
            expect(Math.abs(found - mean(data)), `${height} x ${width}`).toBeLessThanOrEqual(1e-6);
          }
        }
        const tenths = { data: new Float32Array(160_000).fill(0.1), dims: dimsOf(1, 160_000) };
        expect(pool.forward(tenths).data[0]).toBe(Math.fround(0.1));
      });

      test(`huge cells do not overflow, and what is not finite stays, in ${layout}`, async () => {
        const pool = await average([1]);
        const of = (...values: number[]) =>
          pool.forward({ data: Float32Array.from(values), dims: dimsOf(1, values.length) }).data[0];
        const largest = 3.4028234663852886e38;
        expect(of(largest, largest, largest)).toBe(largest);
        expect(of(-Infinity, largest, largest)).toBe(-Infinity);
        expect(of(-Infinity, Infinity)).toBeNaN();
        expect(of(NaN, 1)).toBeNaN();
      });

      test(`a cell of many bins gets their sum, rounded once, in ${layout}`, async () => {
        const pool = await average([64]);
        const ones = { data: new Uint16Array(4096).fill(0x3c00), dims: [1, 4096], type: 'float16' as const };
        const { data } = pool.backward(ones, { dims: [1, 1, 1, 1] });
        const bits = new Uint16Array(data.buffer, data.byteOffset, 1);
        expect(halfToNumber(bits[0] as number)).toBe(4096);
      });
    }
  },
);
