/**
 * Cases by the million: plain loops against every engine, bit for bit. A case is a small map of a size and kind of its
 * own; some hundred of them go through a call together, so that threads share them and calls cost little.
 */
import {
  type Bins,
  createPyramidPool,
  type Layout,
  type OutputOrder,
  type Runtime,
  type TensorLike,
} from 'pyramid-pool';
import { fill, kinds, words } from '../corpus/random.mjs';
import { expectBits, expectSame } from '../unit/bits.js';
import { concatenate } from '../unit/concatenate.js';
import {
  type ElementType,
  elementArrays,
  elementsOf,
  elementTypes,
  valuesOf,
} from '../unit/element-types.js';
import { roundToHalf } from '../unit/halves.js';
import { type Elements, mapDims, mapTo, outputTo } from '../unit/layouts.js';
import { referenceBackward, referenceForward, ruleNames, rules } from '../unit/reference.js';

/** Planes of a call, about. */
const PLANES = 6000;
/** Channels of a map: some that do not fill the lanes, and some that do, with more and with fewer than a block of them. */
const numbers = [1, 2, 3, 4, 13, 37, 70];
/** The longest axis is one of these, all through a call. */
const longest = [4, 6, 9, 14, 24];

/** How sums of gradients are rounded, for the types that have them. */
const rounding: Partial<Record<ElementType, (sum: number) => number>> = {
  float32: Math.fround,
  float16: roundToHalf,
};

interface Pyramid {
  readonly levels: [rows: number, columns: number][];
  readonly bins: Bins;
  readonly layout: Layout;
  readonly outputOrder: OutputOrder;
}

interface Drawn {
  readonly shape: [batch: 1, channels: number, height: number, width: number];
  readonly kind: (typeof kinds)[number];
  readonly seed: number;
}

/** Compares a batch that a seed stands for, in every type. Gives the number of its cases: a map in one type is one. */
export async function compare(seed: number, runtimes: readonly Runtime[]): Promise<number> {
  const { maps, ...pyramid } = drawBatch(seed);
  for (const type of elementTypes) await compareType(seed, { maps, pyramid, type }, runtimes);
  return elementTypes.length * maps.length;
}

async function compareType(
  seed: number,
  { maps, pyramid, type }: { maps: readonly Drawn[]; pyramid: Pyramid; type: ElementType },
  runtimes: readonly Runtime[],
): Promise<void> {
  const answers = maps.map((map) => answersOf(map, pyramid, type));
  const inputs = answers.map(({ input, dims }) => ({ data: input, dims, type }) as TensorLike);
  const output = concatenate(
    Float32Array,
    answers.map(({ output }) => output),
  );
  const indices = concatenate(
    Int32Array,
    answers.map(({ indices }) => indices),
  );
  const gradOutput = concatenate(
    elementArrays[type],
    answers.map(({ gradOutput }) => gradOutput),
  );
  const gradient = concatenate(
    Float32Array,
    answers.flatMap(({ gradient }) => gradient ?? []),
  );
  const { levels, bins, layout, outputOrder } = pyramid;
  for (const runtime of runtimes) {
    const what = (which: string) =>
      `seed ${seed}: ${type} ${bins} [${levels.join('; ')}] ${layout} ${outputOrder}, ${runtime.variant}: ${which}`;
    using pool = await createPyramidPool({ ...pyramid, runtime });
    expectBits(valuesOf(pool.forward(inputs)), output, what('forward'));
    const found = seed % 2 ? pool.forwardWithIndices(inputs) : await pool.forwardWithIndicesAsync(inputs);
    expectBits(valuesOf(found.output), output, what('output'));
    expectSame(found.indices.data, indices, what('indices'));
    if (!rounding[type]) continue;
    const context = { dims: inputs.map(({ dims }) => dims), indices: found.indices };
    const given = { ...found.output, data: gradOutput };
    const gradients = seed % 2 ? await pool.backwardAsync(given, context) : pool.backward(given, context);
    expectBits(concatenate(Float32Array, gradients.map(valuesOf)), gradient, what('gradient'));
  }
}

function drawBatch(seed: number): Pyramid & { maps: Drawn[] } {
  const next = words(seed);
  const upTo = (most: number) => 1 + (next() % most);
  const pick = <T>(from: readonly T[]) => from[next() % from.length] as T;
  const levels = Array.from({ length: upTo(3) }, () => [upTo(5), upTo(5)] as [number, number]);
  const layout = pick<Layout>(['NCHW', 'NHWC']);
  const outputOrder = pick<OutputOrder>(['levels', 'channels']);
  const channels = pick(numbers);
  const most = pick(longest);
  const sizesOf = (bins: Bins) =>
    [0, 1].map((axis) =>
      Array.from({ length: most }, (_, i) => i + 1).filter((size) =>
        levels.every((level) => rules[bins](size, level[axis] as number, 0)),
      ),
    ) as [number[], number[]];
  // Not all levels fit the other rules at some size.
  const drawn = pick(ruleNames);
  const bins = sizesOf(drawn).every(({ length }) => length > 0) ? drawn : 'adaptive';
  const [heights, widths] = sizesOf(bins);
  const maps = Array.from({ length: Math.ceil(PLANES / channels) }, (): Drawn => {
    const shape: Drawn['shape'] = [1, channels, pick(heights), pick(widths)];
    return { shape, kind: pick(kinds), seed: next() };
  });
  return { levels, bins, layout, outputOrder, maps };
}

/** A map as it goes in, the gradient of its output, and what plain loops make of them, all laid out as the pyramid says. */
function answersOf(
  { shape, kind, seed }: Drawn,
  { levels, bins, layout, outputOrder }: Pyramid,
  type: ElementType,
) {
  const [, channels, height, width] = shape;
  const round = rounding[type];
  const data = elementsOf(type, fill(kind, seed, channels * height * width));
  const { output, indices } = referenceForward(valuesOf({ type, data }), shape, levels, bins);
  const gradOutput = elementsOf(type, fill(kind, seed + 1, output.length));
  const arrange = <A extends Elements>(row: A) => outputTo(row, shape, levels, layout, outputOrder);
  const gradient =
    round && referenceBackward(valuesOf({ type, data: gradOutput }), indices, shape, levels, bins, round);
  return {
    input: mapTo(data, shape, layout),
    dims: mapDims(shape, layout),
    gradOutput: arrange(gradOutput),
    output: arrange(output),
    indices: arrange(indices),
    gradient: gradient && mapTo(gradient, shape, layout),
  };
}
