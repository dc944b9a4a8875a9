/** Maps and pyramids at random. What a map holds comes from a seed, so that a failing case is a few numbers. */
import fc from 'fast-check';
import type { Bins, Layout, Runtime } from 'pyramid-pool';
import { createPyramidPool } from 'pyramid-pool';
import { fill, kinds } from '../corpus/random.mjs';
import { expectBits, expectSame } from './bits.js';
import { mapDims, mapTo, outputTo } from './layouts.js';
import { referenceBackward, referenceForward, rules } from './reference.js';

/** A pyramid over a map. */
export interface Case {
  shape: [batch: number, channels: number, height: number, width: number];
  levels: [rows: number, columns: number][];
  rule: Bins;
  layout: Layout;
  kind: (typeof kinds)[number];
  seed: number;
}

const axis = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 }));
const bins = fc.integer({ min: 1, max: 7 });

/** Cases whose maps have at most so many channels. */
export const casesOf = (mostChannels: number): fc.Arbitrary<Case> =>
  fc
    .record({
      shape: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: mostChannels }), axis, axis),
      levels: fc.array(fc.tuple(bins, bins), { minLength: 1, maxLength: 4 }),
      rule: fc.constantFrom<Bins>('adaptive', 'adaptive', 'sliding', 'padded'),
      layout: fc.constantFrom<Layout>('NCHW', 'NHWC'),
      kind: fc.constantFrom(...kinds),
      seed: fc.nat(),
    })
    .map((drawn) => {
      const { shape, rule } = drawn;
      const fits = ([rows, columns]: [number, number]) =>
        rules[rule](shape[2], rows, 0) && rules[rule](shape[3], columns, 0);
      // Only one bin fits every rule and size.
      const levels = drawn.levels.filter(fits);
      return { ...drawn, levels: levels.length > 0 ? levels : [[1, 1]] };
    });

/** A map and the gradient of its output, with all that the reference makes of them, laid out as the case says. */
export function answersOf({ shape, levels, rule, layout, kind, seed }: Case) {
  const cells = shape.reduce((product, size) => product * size, 1);
  const x = fill(kind, seed, cells);
  const { output, indices } = referenceForward(x, shape, levels, rule);
  const gy = fill(kind, seed + 1, output.length);
  const gx = referenceBackward(gy, indices, shape, levels, rule);
  const arrange = <A extends Float32Array | Int32Array>(data: A) => outputTo(data, shape, levels, layout);
  return {
    input: { data: mapTo(x, shape, layout), dims: mapDims(shape, layout) },
    gradOutput: {
      data: arrange(gy),
      dims: [shape[0], shape[1] * levels.reduce((sum, [rows, columns]) => sum + rows * columns, 0)],
    },
    output: arrange(output),
    indices: arrange(indices),
    gradient: mapTo(gx, shape, layout),
  };
}

/** Expects the bits of the reference from every runtime. */
export async function expectReference(drawn: Case, runtimes: readonly Runtime[]): Promise<void> {
  const { levels, rule: bins, layout } = drawn;
  const expected = answersOf(drawn);
  for (const runtime of runtimes) {
    const what = `${runtime.variant} x ${runtime.threads}`;
    using pool = await createPyramidPool({ levels, bins, layout, runtime });
    expectBits(pool.forward(expected.input).data, expected.output, `${what}: forward`);
    const { output, indices } = pool.forwardWithIndices(expected.input);
    expectBits(output.data, expected.output, `${what}: output`);
    expectSame(indices.data, expected.indices, `${what}: indices`);
    const gradient = pool.backward(expected.gradOutput, { dims: expected.input.dims, indices });
    expectBits(gradient.data, expected.gradient, `${what}: gradient`);
  }
}
