import fc from 'fast-check';
import { type Bins, createPyramidPool, type Layout } from 'pyramid-pool';
import { describe, test } from 'vitest';
import { expectBits, expectSame } from './bits.js';
import { engineOptions, useRuntime } from './engines.js';
import { mapDims, mapTo, outputTo } from './layouts.js';
import { referenceBackward, referenceForward, rules } from './reference.js';

/** Values that tie, cancel or poison, drawn far more often than by chance. */
const palettes = [
  [-1, 0, 1, 2],
  [0, -0, -1],
  [Number.NaN, 0, -0, 1, Number.NEGATIVE_INFINITY],
  [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1],
  [Number.NEGATIVE_INFINITY],
  [Number.NaN],
  [1e-45, -1e-45, 1.1754943508222875e-38, 0],
];
const element = fc.oneof(
  fc.constant(fc.float({ noNaN: false })),
  fc.constantFrom(...palettes).map((palette) => fc.constantFrom(...palette)),
);

const axis = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 }));
const cases = fc
  .record({
    shape: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 20 }), axis, axis),
    levels: fc.array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })), {
      minLength: 1,
      maxLength: 4,
    }),
    bins: fc.constantFrom<Bins>('adaptive', 'adaptive', 'sliding', 'padded'),
    layout: fc.constantFrom<Layout>('NCHW', 'NHWC'),
    element,
  })
  .chain(({ element, shape, levels: drawn, bins: rule, layout }) => {
    const fits = ([rows, columns]: [number, number]) =>
      rules[rule](shape[2], rows, 0) && rules[rule](shape[3], columns, 0);
    // Only one bin fits every rule and size.
    const levels = drawn.some(fits) ? drawn.filter(fits) : [[1, 1] as [number, number]];
    const cells = shape.reduce((product, size) => product * size, 1);
    const bins = levels.reduce((sum, [rows, columns]) => sum + rows * columns, 0) * shape[0] * shape[1];
    const values = (length: number) =>
      fc
        .array(element, { minLength: length, maxLength: length, size: 'max' })
        .map((list) => Float32Array.from(list));
    return fc.record({
      shape: fc.constant(shape),
      levels: fc.constant(levels),
      rule: fc.constant(rule),
      layout: fc.constant(layout),
      x: values(cells),
      gy: values(bins),
    });
  });

describe.each(engineOptions.filter(({ threads }) => !threads || threads === 2))(
  '$variant $threads',
  (options) => {
    const runtime = useRuntime(options);

    test('agrees with the reference on random maps', { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(cases, async ({ shape, levels, rule, layout, x, gy }) => {
          const pool = await createPyramidPool({ levels, bins: rule, layout, runtime: runtime() });
          const dims = mapDims(shape, layout);
          const expected = referenceForward(x, shape, levels, rule);
          const input = { data: mapTo(x, shape, layout), dims };
          const arrange = <A extends Float32Array | Int32Array>(data: A) =>
            outputTo(data, shape, levels, layout);

          expectBits(pool.forward(input).data, arrange(expected.output), 'forward');
          const { output, indices } = pool.forwardWithIndices(input);
          expectBits(output.data, arrange(expected.output), 'output');
          expectSame(indices.data, arrange(expected.indices), 'indices');
          const gradient = pool.backward({ data: arrange(gy), dims: output.dims }, { dims, indices });
          expectBits(
            gradient.data,
            mapTo(referenceBackward(gy, expected.indices, shape, levels, rule), shape, layout),
            'gradient',
          );
        }),
        { numRuns: 600 },
      );
    });
  },
);
