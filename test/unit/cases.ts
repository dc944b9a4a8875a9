/** Maps and pyramids at random. What a map holds comes from a seed, so that a failing case is a few numbers. */
import fc from 'fast-check';
import {
  type Bins,
  createPyramidPool,
  createRoiPyramidPool,
  type Layout,
  type OutputOrder,
  type Runtime,
  type Tensor,
  type TensorLike,
} from 'pyramid-pool';
import { fill, kinds } from '../corpus/random.mjs';
import { expectBits, expectSame } from './bits.js';
import { elementsOf, elementTypes, valuesOf } from './element-types.js';
import { mapDims, mapTo, outputTo } from './layouts.js';
import { referenceBackward, referenceForward, ruleNames, rules } from './reference.js';

/** A pyramid over a map. */
export interface Case {
  shape: [batch: number, channels: number, height: number, width: number];
  levels: [rows: number, columns: number][];
  rule: Bins;
  layout: Layout;
  outputOrder: OutputOrder;
  kind: (typeof kinds)[number];
  seed: number;
}

const axis = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 }));
/** Any maps, and those that have kernels of their own. */
const sizes = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(axis, axis) },
  { weight: 1, arbitrary: fc.constantFrom(7, 13, 14).map((side): [number, number] => [side, side]) },
);
const bins = fc.integer({ min: 1, max: 7 });
const level = fc.oneof(
  fc.tuple(bins, bins),
  fc.oneof(bins, fc.constant(4)).map((n): [number, number] => [n, n]),
);

/** Cases so large that threads share them. */
export const largeCases: fc.Arbitrary<Case> = fc.record({
  shape: fc.tuple(
    fc.constant(1),
    fc.oneof(fc.integer({ min: 60, max: 70 }), fc.constant(64)),
    ...([0, 1] as const).map(() => fc.integer({ min: 66, max: 80 })),
  ) as fc.Arbitrary<Case['shape']>,
  levels: fc.array(level, { minLength: 1, maxLength: 4 }),
  rule: fc.constant('adaptive'),
  layout: fc.constantFrom<Layout>('NCHW', 'NHWC'),
  outputOrder: fc.constantFrom<OutputOrder>('levels', 'channels'),
  kind: fc.constantFrom(...kinds),
  seed: fc.nat(),
});

/** Cases whose maps have at most so many channels. */
export const casesOf = (mostChannels: number): fc.Arbitrary<Case> =>
  fc
    .record({
      shape: fc
        .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: mostChannels }), sizes)
        .map(([batch, channels, [height, width]]): Case['shape'] => [batch, channels, height, width]),
      levels: fc.array(level, { minLength: 1, maxLength: 4 }),
      rule: fc.constantFrom<Bins>('adaptive', ...ruleNames),
      layout: fc.constantFrom<Layout>('NCHW', 'NHWC'),
      outputOrder: fc.constantFrom<OutputOrder>('levels', 'channels'),
      kind: fc.constantFrom(...kinds),
      seed: fc.nat(),
    })
    .map((drawn) => {
      const { shape, rule } = drawn;
      const fits = ([rows, columns]: [number, number]) =>
        rules[rule](shape[2], rows, 0) && rules[rule](shape[3], columns, 0);
      // Every rule allows one bin, for every size.
      const levels = drawn.levels.filter(fits);
      return { ...drawn, levels: levels.length > 0 ? levels : [[1, 1]] };
    });

/** A map and the gradient of its output, with all that the reference makes of them, laid out as the case says. */
export function answersOf({ shape, levels, rule, layout, outputOrder, kind, seed }: Case) {
  const cells = shape.reduce((product, size) => product * size, 1);
  const x = fill(kind, seed, cells);
  const { output, indices } = referenceForward(x, shape, levels, rule);
  const gy = fill(kind, seed + 1, output.length);
  const gx = referenceBackward(gy, indices, shape, levels, rule);
  const arrange = <A extends Float32Array | Int32Array>(data: A) =>
    outputTo(data, shape, levels, layout, outputOrder);
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

/** Maps of the narrow types, and what the reference makes of them. */
function narrowAnswersOf({ shape, levels, rule, layout, outputOrder, kind, seed }: Case) {
  const cells = shape.reduce((product, size) => product * size, 1);
  return narrowed(fill(kind, seed, cells)).map(({ data, type }) => {
    const { output, indices } = referenceForward(valuesOf({ type, data }), shape, levels, rule);
    const arrange = <A extends Float32Array | Int32Array>(row: A) =>
      outputTo(row, shape, levels, layout, outputOrder);
    const input = mapTo(data, shape, layout);
    return { type, input, output: arrange(output), indices: arrange(indices) };
  });
}

/** Expects the bits of the reference from every runtime. */
export async function expectReference(drawn: Case, runtimes: readonly Runtime[]): Promise<void> {
  const { levels, rule: bins, layout, outputOrder } = drawn;
  const expected = answersOf(drawn);
  const narrow = narrowAnswersOf(drawn);
  for (const runtime of runtimes) {
    const what = nameOf(runtime);
    using pool = await createPyramidPool({ levels, bins, layout, outputOrder, runtime });
    expectBits(pool.forward(expected.input).data, expected.output, `${what}: forward`);
    const { output, indices } = pool.forwardWithIndices(expected.input);
    expectBits(output.data, expected.output, `${what}: output`);
    expectSame(indices.data, expected.indices, `${what}: indices`);
    const gradient = pool.backward(expected.gradOutput, { dims: expected.input.dims, indices });
    expectBits(gradient.data, expected.gradient, `${what}: gradient`);
    for (const { input, type, output, indices } of narrow) {
      const of = `${what}: ${type}`;
      const map = { data: input, dims: expected.input.dims, type } as TensorLike;
      expectBits(valuesOf(pool.forward(map)), output, `${of} forward`);
      const found = pool.forwardWithIndices(map);
      expectBits(valuesOf(found.output), output, `${of} output`);
      expectSame(found.indices.data, indices, `${of} indices`);
    }
  }
}

/** The upper bits of floats as elements of the narrow types. */
function narrowed(data: Float32Array<ArrayBuffer>) {
  return elementTypes
    .filter((type) => type !== 'float32')
    .map((type) => ({ data: elementsOf(type, data), type }));
}

/** Expects the same bits from every runtime, for cases that plain loops do not cover or would take too long for. */
export async function expectAgreement(drawn: Case, runtimes: readonly Runtime[]): Promise<void> {
  const [first, ...others] = runtimes as [Runtime, ...Runtime[]];
  const expected = await allAnswers(drawn, first);
  for (const runtime of others) {
    (await allAnswers(drawn, runtime)).forEach((tensor, i) => {
      const what = `${nameOf(runtime)}: answer ${i}`;
      if (tensor.type === 'float32')
        expectBits(tensor.data as Float32Array, expected[i]?.data as Float32Array, what);
      else expectSame(bytesOf(tensor), bytesOf(expected[i] as Tensor), what);
    });
  }
}

const nameOf = ({ variant, threads }: Runtime) => `${variant} x ${threads}`;

function bytesOf({ data: { buffer, byteOffset, byteLength } }: Tensor): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Maxima, indices and gradients of maps of every type, and of regions. */
async function allAnswers(drawn: Case, runtime: Runtime): Promise<Tensor[]> {
  const { shape, levels, rule: bins, layout, outputOrder, kind, seed } = drawn;
  const [batch, channels, height, width] = shape;
  const dims = mapDims(shape, layout);
  const data = fill(kind, seed, batch * channels * height * width);
  using pool = await createPyramidPool({ levels, bins, layout, outputOrder, runtime });
  using regions = await createRoiPyramidPool({ levels, layout, outputOrder, spatialScale: 0.5, runtime });

  const answers: Tensor[] = [];
  for (const map of [{ data, dims }, ...narrowed(data).map(({ data, type }) => ({ data, dims, type }))]) {
    const { output, indices } = await pool.forwardWithIndicesAsync(map as TensorLike);
    answers.push(output, indices, pool.forward(map as TensorLike));
  }
  const [output, indices] = answers as [Tensor, Tensor];
  const gradient = { data: fill(kind, seed + 1, output.size), dims: output.dims };
  answers.push(
    pool.backward(gradient, { dims, indices }),
    await pool.backwardAsync(gradient, { dims, indices }),
  );

  if (batch === 0) return answers;
  const corners = fill('unit', seed + 2, 60);
  const rois = {
    data: corners.map((corner, i) =>
      i % 5 === 0
        ? Math.floor(((corner + 1) / 2) * batch)
        : Math.round(corner * 4 * (i % 2 ? width : height)) / 2,
    ),
    dims: [12, 5],
  };
  const rows = regions.forwardWithIndices({ data, dims }, rois);
  const rowGradient = { data: fill(kind, seed + 3, rows.output.size), dims: rows.output.dims };
  answers.push(
    rows.output,
    rows.indices,
    regions.backward(rowGradient, { dims, rois, indices: rows.indices }),
  );
  return answers;
}
