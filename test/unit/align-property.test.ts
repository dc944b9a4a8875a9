/** RoIAlign at random: maps, types, layouts, levels and rules in all engines, bit for bit what plain loops give. */
import fc from 'fast-check';
import { createRoiPyramidPool, type Runtime, type TensorLike } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { fill, kinds } from '../corpus/random.mjs';
import { budget, report, timeout } from '../fuzz/budget.js';
import { expectBits } from './bits.js';
import { elementsOf, valuesOf } from './element-types.js';
import { roundToHalf } from './halves.js';
import { mapDims, mapTo, outputTo } from './layouts.js';
import { type AlignRule, referenceAlign, referenceAlignBackward } from './reference-align.js';
import { canShareMemory, checkedRuntimes, useRuntime } from './runtimes.js';

const engines = [
  useRuntime({ variant: 'scalar' }),
  useRuntime({ variant: 'simd' }),
  ...checkedRuntimes.map((options) => useRuntime(options)),
  ...(canShareMemory ? [useRuntime({ variant: 'simd-threads', threads: 2 })] : []),
];

const size = fc.integer({ min: 1, max: 14 });
const bins = fc.integer({ min: 1, max: 5 });
const cases = fc.record({
  shape: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 37 }), size, size),
  levels: fc.array(fc.tuple(bins, bins), { minLength: 1, maxLength: 3 }),
  rule: fc.record({
    spatialScale: fc.constantFrom(1, 0.0625, 0.37),
    samplingRatio: fc.constantFrom(-1, 0, 1, 2, 3),
    aligned: fc.boolean(),
  }),
  layout: fc.constantFrom('NCHW' as const, 'NHWC' as const),
  outputOrder: fc.constantFrom('levels' as const, 'channels' as const),
  type: fc.constantFrom('float32' as const, 'float16' as const),
  kind: fc.constantFrom(...kinds),
  regions: fc.integer({ min: 0, max: 6 }),
  seed: fc.nat(),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** Corners anywhere in the image and beyond, either way round. */
function regionsOf({ shape, rule, regions, seed }: Case): Float32Array {
  const [batch, , height, width] = shape;
  return fill('unit', seed + 2, 5 * regions).map((number, i) => {
    if (i % 5 === 0) return Math.floor(i / 5) % batch;
    return (0.5 + 0.9 * number) * ((i % 5) % 2 ? width : height) * (1 / rule.spatialScale);
  });
}

/** Numbers of the type, as bits and as values. */
function draw({ type, kind }: Case, seed: number, length: number) {
  const data = elementsOf(type, fill(kind, seed, length));
  return { data, values: valuesOf({ type, data }) };
}

async function check(drawn: Case, runtimes: readonly Runtime[]): Promise<void> {
  const { shape, levels, rule, layout, outputOrder, type, seed } = drawn;
  const round = type === 'float16' ? roundToHalf : Math.fround;
  const data = regionsOf(drawn);
  const rois = { data, dims: [drawn.regions, 5] };
  const rows = [drawn.regions, ...shape.slice(1)] as unknown as typeof shape;
  const map = draw(drawn, seed, shape[0] * shape[1] * shape[2] * shape[3]);
  const output = referenceAlign(map.values, shape, levels, data, rule).map(round);
  const gradient = draw(drawn, seed + 1, output.length);
  const back = referenceAlignBackward(gradient.values, shape, levels, data, rule, round);

  const dims = mapDims(shape, layout);
  const input = { data: mapTo(map.data as Float32Array, shape, layout), dims, type } as TensorLike;
  const arrange = <A extends Float32Array>(values: A) => outputTo(values, rows, levels, layout, outputOrder);
  for (const runtime of runtimes) {
    const what = `${runtime.variant} x ${runtime.threads}`;
    using pool = await createRoiPyramidPool({
      rule: 'roi-align',
      levels,
      ...rule,
      layout,
      outputOrder,
      runtime,
    });
    const found = pool.forward(input, rois);
    expectBits(valuesOf(found), arrange(output), `${what}: output`);
    const grad = { data: arrange(gradient.data as Float32Array), dims: found.dims, type } as TensorLike;
    const foundGradient = pool.backward(grad as never, { dims, rois });
    expect(foundGradient.dims).toEqual(dims);
    expectBits(valuesOf(foundGradient), mapTo(back, shape, layout), `${what}: gradient`);
  }
}

test('RoIAlign of random regions gives what plain loops give', { timeout }, async () => {
  const runtimes = engines.map((runtime) => runtime());
  let count = 0;
  const property = fc.asyncProperty(cases, async (drawn) => {
    await check(drawn, runtimes);
    count++;
  });
  await fc.assert(property, budget(80));
  report('RoIAlign of random regions', { cases: count, engines: runtimes.map(({ variant }) => variant) });
});

test('threads that share the regions of a large map give the same bits', { timeout }, async () => {
  const shape = [1, 64, 40, 50] as const;
  const levels = [
    [7, 7],
    [1, 1],
  ] as [number, number][];
  const rule: AlignRule = { spatialScale: 1 / 16, samplingRatio: 2, aligned: true };
  const rois = fill('unit', 3, 5 * 60).map((number, i) =>
    i % 5 === 0 ? 0 : (0.5 + 0.6 * number) * ((i % 5) % 2 ? 800 : 640),
  );
  const map = fill('unit', 4, 64 * 2000);
  const output = referenceAlign(map, shape, levels, rois, rule);
  for (const runtime of engines.map((runtime) => runtime())) {
    using pool = await createRoiPyramidPool({ rule: 'roi-align', levels, ...rule, runtime });
    const found = await pool.forwardAsync({ data: map, dims: [...shape] }, { data: rois, dims: [60, 5] });
    expectBits(found.data as Float32Array, output, `${runtime.variant} x ${runtime.threads}`);
  }
});
