import { createPyramidPool, type Layout, type OutputOrder, type PyramidPool } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { expectBits, expectClose, expectSame, largestFinite } from './bits.js';
import { type GoldenCase, goldenCases } from './golden.js';
import { mapDims, mapTo, outputTo } from './layouts.js';
import { repeatBatch, runtimeName, SHARING_THRESHOLD, testedRuntimes, useRuntime } from './runtimes.js';

/** A case in a layout and an order of the output, its batch repeated. */
function arrange(golden: GoldenCase, layout: Layout, order: OutputOrder, times: number) {
  const { shape, levels, x, y, argmax, gy, gx } = golden;
  const map = (data: Float32Array) => repeatBatch(mapTo(data, shape, layout), times);
  const [batch, ...item] = shape;
  const dims = mapDims([batch * times, ...item] as GoldenCase['shape'], layout);
  return {
    dims,
    x: map(x),
    gx: map(gx),
    y: repeatBatch(outputTo(y, shape, levels, layout, order), times),
    gy: repeatBatch(outputTo(gy, shape, levels, layout, order), times),
    argmax: repeatBatch(outputTo(argmax, shape, levels, layout, order), times),
  };
}

/** Repeats of a case that make it large enough for threads, or as many as its output lets check in reasonable time. */
function repeats({ x, y }: GoldenCase): number {
  if (x.length === 0) return 1;
  return Math.max(
    1,
    Math.min(Math.ceil(SHARING_THRESHOLD / x.length), Math.floor((4 * SHARING_THRESHOLD) / y.length)),
  );
}

/** Averages agree up to rounding: PyTorch itself sums in an order that depends on the layout. */
async function checkAverage(
  pool: PyramidPool,
  {
    input,
    y,
    gy,
    gx,
  }: { input: { data: Float32Array; dims: number[] }; y: Float32Array; gy: Float32Array; gx: Float32Array },
  what: string,
): Promise<void> {
  const output = pool.forward(input);
  const largest = largestFinite(input.data);
  expectClose(output.data, y, 4e-6 * largest, `${what}: average`);
  const gradient = pool.backward({ data: gy, dims: output.dims }, { dims: input.dims });
  expectClose(gradient.data, gx, 1e-5 * largestFinite(gx), `${what}: gradient`);
  expectBits((await pool.forwardAsync(input)).data, output.data, `${what}: average, async`);
  const later = await pool.backwardAsync({ data: gy, dims: output.dims }, { dims: input.dims });
  expectBits(later.data, gradient.data, `${what}: gradient, async`);
}

test('the golden data is there', () => {
  expect(goldenCases.length).toBe(75 + 25 + 11 + 11 + 3);
});

describe.each(testedRuntimes)('$variant $threads', (options) => {
  const runtime = useRuntime(options);

  test('is what was asked for', () => {
    expect(runtime().variant).toBe(options.variant);
    expect(runtime().threads).toBe(options.threads ?? 1);
    expect(runtime().fallback).toBeUndefined();
  });

  const orders = options.threads ? (['levels'] as const) : (['levels', 'channels'] as const);
  const arrangements = orders.flatMap((order) => [['NCHW', order] as const, ['NHWC', order] as const]);
  for (const [layout, outputOrder] of arrangements) {
    test(`gives the expected bits in ${layout} and the order of ${outputOrder}`, async ({ task }) => {
      for (const golden of goldenCases) {
        const what = `${golden.id}, ${layout}, ${outputOrder}, ${runtimeName(options)}`;
        const times = options.threads ? repeats(golden) : 1;
        const { dims, x, y, gx, gy, argmax } = arrange(golden, layout, outputOrder, times);
        const pool = await createPyramidPool({
          levels: golden.levels,
          reduction: golden.reduction,
          bins: golden.bins,
          layout,
          outputOrder,
          runtime: runtime(),
        });
        const input = { data: x, dims };
        if (golden.reduction === 'average') {
          await checkAverage(pool, { input, y, gy, gx }, what);
          continue;
        }

        expectBits(pool.forward(input).data, y, `${what}: forward`);
        const { output, indices } = pool.forwardWithIndices(input);
        expectBits(output.data, y, `${what}: output`);
        expectSame(indices.data, argmax, `${what}: indices`);
        const gradient = pool.backward({ data: gy, dims: output.dims }, { dims, indices });
        const later = await pool.forwardWithIndicesAsync(input);
        expectBits(later.output.data, y, `${what}: output, async`);
        expectSame(later.indices.data, argmax, `${what}: indices, async`);
        const gradientLater = await pool.backwardAsync({ data: gy, dims: output.dims }, { dims, indices });
        expectBits(gradientLater.data, gradient.data, `${what}: gradient, async`);
        if (golden.exact) expectBits(gradient.data, gx, `${what}: gradient`);
        else expectClose(gradient.data, gx, 1e-5 * largestFinite(gx), `${what}: gradient`);
      }
      task.meta.variants = [runtime().variant];
    });
  }
});
