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
  type Tensor,
  type TensorLike,
} from 'pyramid-pool';
import { fill, kinds, words } from '../corpus/random.mjs';
import { expectBits, expectSame } from '../unit/bits.js';
import { concatenate } from '../unit/concatenate.js';
import { halfToNumber, roundToHalf } from '../unit/halves.js';
import { type Elements, mapDims, mapTo, outputTo } from '../unit/layouts.js';
import { referenceBackward, referenceForward, ruleNames, rules } from '../unit/reference.js';

/** Planes of a call, about. */
const PLANES = 6000;
/** Channels of a map: some that do not fill the lanes, and some that do, with more and with fewer than a block of them. */
const numbers = [1, 2, 3, 4, 13, 37, 70];
/** The longest axis is one of these, all through a call. */
const longest = [4, 6, 9, 14, 24];

/** For each type the array of its elements, what one stands for where it is not a number already, and how sums of gradients are rounded, where it can have gradients. */
const elements = {
  float32: { Elements: Float32Array, numberOf: undefined, round: Math.fround },
  float16: { Elements: Uint16Array, numberOf: halfToNumber, round: roundToHalf },
  int8: { Elements: Int8Array, numberOf: undefined, round: undefined },
  uint8: { Elements: Uint8Array, numberOf: undefined, round: undefined },
} as const;
type Type = keyof typeof elements;
const types = Object.keys(elements) as Type[];

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
  for (const type of types) await compareType(seed, { maps, pyramid, type }, runtimes);
  return types.length * maps.length;
}

async function compareType(
  seed: number,
  { maps, pyramid, type }: { maps: readonly Drawn[]; pyramid: Pyramid; type: Type },
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
    elements[type].Elements,
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
    if (!elements[type].round) continue;
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
function answersOf({ shape, kind, seed }: Drawn, { levels, bins, layout, outputOrder }: Pyramid, type: Type) {
  const [, channels, height, width] = shape;
  const { round } = elements[type];
  const data = drawElements(type, kind, seed, channels * height * width);
  const { output, indices } = referenceForward(numbersOf(data, type), shape, levels, bins);
  const gradOutput = drawElements(type, kind, seed + 1, output.length);
  const arrange = <A extends Elements>(row: A) => outputTo(row, shape, levels, layout, outputOrder);
  const gradient =
    round && referenceBackward(numbersOf(gradOutput, type), indices, shape, levels, bins, round);
  return {
    input: mapTo(data, shape, layout),
    dims: mapDims(shape, layout),
    gradOutput: arrange(gradOutput),
    output: arrange(output),
    indices: arrange(indices),
    gradient: gradient && mapTo(gradient, shape, layout),
  };
}

/** Elements of a type: the upper part of every word, which tells plain values apart, in little-endian order as WASM has it. */
function drawElements(type: Type, kind: Drawn['kind'], seed: number, length: number) {
  const parts = new elements[type].Elements(fill(kind, seed, length).buffer);
  const step = 4 / parts.BYTES_PER_ELEMENT;
  const kept = parts.subarray(0, length);
  for (let i = 0; i < length; i++) kept[i] = parts[i * step + step - 1] as number;
  return kept;
}

/** What the elements of a result stand for. */
function valuesOf({ type, data }: Tensor): Float32Array {
  const { Elements } = elements[type as Type];
  // Where the host has arrays of halves, their bits are wanted.
  const raw = new Elements(data.buffer as ArrayBuffer, data.byteOffset, data.length);
  return numbersOf(raw, type as Type);
}

/** What elements stand for. A bare loop, since the tests convert billions. */
function numbersOf(raw: Elements, type: Type): Float32Array {
  const { numberOf } = elements[type];
  if (!numberOf) return raw instanceof Float32Array ? raw : new Float32Array(raw);
  const numbers = new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i++) numbers[i] = numberOf(raw[i] as number);
  return numbers;
}
