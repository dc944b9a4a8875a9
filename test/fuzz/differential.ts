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
} from 'pyramid-pool';
import { fill, kinds, words } from '../corpus/random.mjs';
import { expectBits, expectSame } from '../unit/bits.js';
import { concatenate } from '../unit/concatenate.js';
import { halfToNumber } from '../unit/halves.js';
import { mapDims, mapTo, outputTo } from '../unit/layouts.js';
import { referenceBackward, referenceForward, ruleNames, rules } from '../unit/reference.js';

/** Planes of a call, about. */
const PLANES = 6000;
/** Channels of a map: some that do not fill the lanes, and some that do, with more and with fewer than a block of them. */
const numbers = [1, 2, 3, 4, 13, 37, 70];
/** The longest axis is one of these, all through a call. */
const longest = [4, 6, 9, 14, 24];

/** Which elements the words of a map make, and what an element stands for where it is not a number already. */
const elements = {
  float32: { of: (words: Uint32Array) => new Float32Array(words.buffer), numberOf: undefined },
  float16: { of: (words: Uint32Array) => upper(new Uint16Array(words.buffer)), numberOf: halfToNumber },
  int8: { of: (words: Uint32Array) => upper(new Int8Array(words.buffer)), numberOf: Number },
  uint8: { of: (words: Uint32Array) => upper(new Uint8Array(words.buffer)), numberOf: Number },
} as const;
type Type = keyof typeof elements;
const types = Object.keys(elements) as Type[];

interface Batch {
  readonly levels: [rows: number, columns: number][];
  readonly bins: Bins;
  readonly layout: Layout;
  readonly outputOrder: OutputOrder;
  readonly type: Type;
  readonly maps: ReturnType<typeof answersOf>[];
}

/** Compares a batch that a seed stands for. Gives the number of its cases. */
export async function compare(seed: number, runtimes: readonly Runtime[]): Promise<number> {
  const { levels, bins, layout, outputOrder, type, maps } = drawBatch(seed);
  const inputs = maps.map(({ input, dims }) => ({ data: input, dims, type }));
  const gradOutput = concatenate(
    Float32Array,
    maps.map(({ gradOutput }) => gradOutput),
  );
  const output = concatenate(
    Float32Array,
    maps.map(({ output }) => output),
  );
  const indices = concatenate(
    Int32Array,
    maps.map(({ indices }) => indices),
  );
  const gradient = concatenate(
    Float32Array,
    maps.map(({ gradient }) => gradient),
  );
  for (const runtime of runtimes) {
    const what = (which: string) =>
      `seed ${seed}: ${type} ${bins} [${levels.join('; ')}] ${layout} ${outputOrder}, ${runtime.variant}: ${which}`;
    using pool = await createPyramidPool({ levels, bins, layout, outputOrder, runtime });
    expectBits(valuesOf(pool.forward(inputs)), output, what('forward'));
    const found = seed % 2 ? pool.forwardWithIndices(inputs) : await pool.forwardWithIndicesAsync(inputs);
    expectBits(valuesOf(found.output), output, what('output'));
    expectSame(found.indices.data, indices, what('indices'));
    if (type !== 'float32') continue;
    const context = { dims: inputs.map(({ dims }) => dims), indices: found.indices };
    const given = { data: gradOutput, dims: found.output.dims };
    const gradients = seed % 2 ? await pool.backwardAsync(given, context) : pool.backward(given, context);
    expectBits(
      concatenate(
        Float32Array,
        gradients.map(({ data }) => data as Float32Array),
      ),
      gradient,
      what('gradient'),
    );
  }
  return maps.length;
}

function drawBatch(seed: number): Batch {
  const next = words(seed);
  const upTo = (most: number) => 1 + (next() % most);
  const pick = <T>(from: readonly T[]) => from[next() % from.length] as T;
  const levels = Array.from({ length: upTo(3) }, () => [upTo(5), upTo(5)] as [number, number]);
  const layout = pick<Layout>(['NCHW', 'NHWC']);
  const outputOrder = pick<OutputOrder>(['levels', 'channels']);
  const type = pick(types);
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
  const pyramid = { levels, bins, layout, outputOrder, type };
  const maps = Array.from({ length: Math.ceil(PLANES / channels) }, () => {
    const shape: Drawn['shape'] = [1, channels, pick(heights), pick(widths)];
    return answersOf({ shape, kind: pick(kinds), seed: next() }, pyramid);
  });
  return { ...pyramid, maps };
}

interface Drawn {
  readonly shape: [batch: 1, channels: number, height: number, width: number];
  readonly kind: (typeof kinds)[number];
  readonly seed: number;
}

/** A map as it goes in, and what plain loops make of it, both laid out as the batch says. */
function answersOf(
  { shape, kind, seed }: Drawn,
  { levels, bins, layout, outputOrder, type }: Omit<Batch, 'maps'>,
) {
  const [, channels, height, width] = shape;
  const data = elements[type].of(new Uint32Array(fill(kind, seed, channels * height * width).buffer));
  const { output, indices } = referenceForward(numbersOf(data, type), shape, levels, bins);
  const gradOutput = fill(kind, seed + 1, output.length);
  const gradient = referenceBackward(gradOutput, indices, shape, levels, bins);
  const arrange = <A extends Float32Array | Int32Array>(row: A) =>
    outputTo(row, shape, levels, layout, outputOrder);
  return {
    input: mapTo(data as Float32Array, shape, layout),
    dims: mapDims(shape, layout),
    gradOutput: arrange(gradOutput),
    output: arrange(output),
    indices: arrange(indices),
    gradient: mapTo(gradient, shape, layout),
  };
}

/** The upper part of every word, which tells plain values apart, in little-endian order as WASM has it. */
function upper<A extends Uint16Array | Int8Array | Uint8Array>(parts: A): A {
  const step = 4 / parts.BYTES_PER_ELEMENT;
  const kept = parts.subarray(0, parts.length / step) as A;
  for (let i = 0; i < kept.length; i++) kept[i] = parts[i * step + step - 1] as number;
  return kept;
}

/** What the elements of a result stand for. */
function valuesOf({ type, data }: Tensor): Float32Array {
  const { buffer, byteOffset, length } = data;
  // Where the host has arrays of halves, their bits are wanted.
  return numbersOf(type === 'float16' ? new Uint16Array(buffer, byteOffset, length) : data, type as Type);
}

/** What elements stand for. */
function numbersOf(data: Tensor['data'], type: Type): Float32Array {
  const { numberOf } = elements[type];
  if (!numberOf) return data as Float32Array;
  const numbers = new Float32Array(data.length);
  for (let i = 0; i < numbers.length; i++) numbers[i] = numberOf(data[i] as number);
  return numbers;
}
