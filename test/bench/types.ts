/** What maps of bytes and of halves take, as ratios to `float32` on the same shape: all types by turns in one process. */
import {
  createPyramidPool,
  createRoiPyramidPool,
  createRuntime,
  type DataType,
  type Layout,
  type Reduction,
  type ResidentTensor,
  type Runtime,
} from 'pyramid-pool';
import { concatenate } from '../unit/concatenate.js';
import { valuesOf } from '../unit/element-types.js';
import { halfToNumber, numberToHalf } from '../unit/halves.js';
import { alignRule } from './core/align.js';
import { type Case, cases, cellsOf, outputLengthOf } from './core/case.js';
import { PIXELS, randomRegions } from './core/regions.js';
import { ratioOf, type Spread } from './core/statistics.js';
import { randomNumbers } from './core/workload.js';

/** Types beside `float32`, with the operations that they have. */
export const narrowTypes = ['uint8', 'int8', 'float16'] as const;
type Type = 'float32' | (typeof narrowTypes)[number];

export const typeOperations = ['forward', 'indices', 'backward', 'average', 'average backward'] as const;
type Operation = (typeof typeOperations)[number];

/** One ratio: what a type takes, times what `float32` takes. */
export interface TypeResult {
  readonly layout: Layout;
  readonly operation: Operation;
  readonly case: string;
  readonly type: (typeof narrowTypes)[number];
  readonly ratio: Spread;
}

/** A call that can be repeated, on input number `turn`, and what it gave last. */
interface PreparedEngine {
  run(turn: number): void;
  values(): Float32Array;
  dispose(): void;
}

interface Options {
  readonly cases?: readonly string[] | undefined;
  readonly operations?: readonly string[] | undefined;
  readonly rounds?: number | undefined;
  /** Where to measure; by default in a runtime of the variant `simd`. */
  readonly runtime?: Runtime;
}

/** Measures every type on the cases, in both layouts. */
export async function benchTypes({
  cases: names,
  operations,
  rounds = 25,
  ...options
}: Options): Promise<TypeResult[]> {
  const runtime = options.runtime ?? (await createRuntime({ variant: 'simd' }));
  const results: TypeResult[] = [];
  for (const layout of ['NCHW', 'NHWC'] as const) {
    for (const operation of typeOperations.filter((name) => !operations || operations.includes(name))) {
      for (const c of cases.filter(({ name }) => !names || names.includes(name))) {
        // RoIAlign is an average of samples, and has no others. Averages of so many regions would take minutes.
        if (c.samplingRatio && operation !== 'forward' && operation !== 'backward') continue;
        if (c.regions && operation.startsWith('average')) continue;
        const maxima = operation === 'forward' || operation === 'indices';
        const types = maxima && !c.samplingRatio ? narrowTypes : (['float16'] as const);
        const engines = new Map<Type, PreparedEngine>();
        for (const type of ['float32', ...types] as const) {
          // Numbers that halves have, for floats too: zeros of both signs are as frequent in both, and take as long a way.
          const numbersOf = type === 'float32' ? 'float16' : type;
          engines.set(type, await prepare(runtime, c, operation, layout, type, numbersOf));
        }
        for (const type of types) await checkType(runtime, c, operation, layout, type);
        const samples = takeTurns(engines, rounds);
        for (const type of types) {
          const ratio = ratioOf(samples.get(type)!, samples.get('float32')!);
          results.push({ layout, operation, case: c.name, type, ratio });
          const { median, low, high } = ratio;
          const range = `${low.toFixed(2)} .. ${high.toFixed(2)}`;
          console.log(
            `${layout} ${operation.padEnd(17)}${c.name}  ${type.padEnd(8)}${median.toFixed(2)}  ${range}`,
          );
        }
        for (const prepared of engines.values()) prepared.dispose();
      }
    }
  }
  return results;
}

/** Samples of every type in microseconds a run, one for each round. */
function takeTurns(engines: Map<Type, PreparedEngine>, rounds: number): Map<Type, number[]> {
  const entries = [...engines].map(([type, prepared]) => ({
    type,
    prepared,
    count: 1,
    turn: 0,
    samples: [] as number[],
  }));
  type Entry = (typeof entries)[number];
  const time = (entry: Entry) => {
    const start = performance.now();
    for (let i = 0; i < entry.count; i++) entry.prepared.run(entry.turn++);
    return performance.now() - start;
  };
  for (const entry of entries) {
    let fastest = Number.POSITIVE_INFINITY;
    // Until the engine has compiled for good.
    for (const until = performance.now() + 150; performance.now() < until; ) {
      const taken = time(entry);
      fastest = Math.min(fastest, Math.max(taken, 1e-3) / entry.count);
      if (taken < 1) entry.count *= 2;
    }
    entry.count = Math.ceil(3 / fastest);
  }
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[(i + round) % entries.length]!;
      entry.samples.push((1000 * time(entry)) / entry.count);
    }
  }
  return new Map(entries.map(({ type, samples }) => [type, samples]));
}

/** Holds the answers of a type to those of `float32` on the same numbers. */
async function checkType(
  runtime: Runtime,
  c: Case,
  operation: Operation,
  layout: Layout,
  type: (typeof narrowTypes)[number],
): Promise<void> {
  const own = await prepare(runtime, c, operation, layout, type);
  const wide = await prepare(runtime, c, operation, layout, 'float32', type);
  own.run(0);
  wide.run(0);
  const [found, expected] = [own.values(), wide.values()];
  const exact = (operation === 'forward' && !c.samplingRatio) || operation === 'indices';
  // Gradients of halves are rounded at every sum, of which there are hundreds for a cell of many regions.
  const share = c.regions && !c.samplingRatio && operation === 'backward' ? 1 / 100 : 1 / 500;
  const slack = exact ? 0 : share * expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const wrong = expected.findIndex((value, i) => !(Math.abs(value - found[i]!) <= slack));
  own.dispose();
  wide.dispose();
  if (wrong >= 0 || found.length !== expected.length) {
    throw new Error(
      `${type} ${layout} ${c.name} ${operation}: element ${wrong} is ${found[wrong]}, not ${expected[wrong]}`,
    );
  }
}

/** Makes tensors of a type and a call over them; the numbers are such as type `of` has. */
async function prepare(
  runtime: Runtime,
  c: Case,
  operation: Operation,
  layout: Layout,
  type: Type,
  of: Type = type,
): Promise<PreparedEngine> {
  const random = randomNumbers(cellsOf(c));
  const tensors: ResidentTensor[] = [];
  const make = <T extends DataType>(dims: readonly number[], type: T) => {
    const tensor = runtime.tensor(dims, type);
    tensors.push(tensor);
    return tensor;
  };
  const drawn = (dims: readonly number[]) => {
    const tensor = make(dims, type);
    const raw = rawOf(tensor);
    for (let i = 0; i < raw.length; i++) raw[i] = convert(random(), of, type);
    return tensor;
  };
  const [batch, channels, height, width] = c.dims;
  const dims = layout === 'NCHW' ? c.dims : [batch, height, width, channels];
  const outputDims = [c.regions ?? batch, outputLengthOf(c) / (c.regions ?? batch)];
  const reduction: Reduction = operation.startsWith('average') ? 'average' : 'max';
  const maps = Array.from({ length: c.inputs }, () => drawn(dims));
  const map = (turn: number) => maps[turn % maps.length]!;
  const output = make(outputDims, type);
  const indices = make(outputDims, 'int32');
  const calls = c.regions ? await regionCalls() : await mapCalls();

  async function mapCalls() {
    const pool = await createPyramidPool({ levels: c.levels, layout, reduction, runtime });
    return {
      forward: (turn: number) => pool.forward(map(turn), { out: output }),
      indices: (turn: number) => pool.forwardWithIndices(map(turn), { out: { output, indices } }),
      backward: (gradient: ResidentTensor, context: object, out: ResidentTensor) =>
        pool.backward(gradient, { dims, ...context }, { out }),
      dispose: () => pool.dispose(),
    };
  }

  async function regionCalls() {
    const rule = c.samplingRatio ? ({ rule: 'roi-align', ...alignRule(c) } as const) : {};
    const pool = await createRoiPyramidPool({
      levels: c.levels,
      layout,
      spatialScale: 1 / PIXELS,
      runtime,
      ...rule,
    });
    const rois = make([c.regions!, 5], 'float32');
    rois.data.set(randomRegions(c, randomNumbers(7)));
    return {
      forward: (turn: number) => pool.forward(map(turn), rois, { out: output }),
      indices: (turn: number) => pool.forwardWithIndices(map(turn), rois, { out: { output, indices } }),
      backward: (gradient: ResidentTensor, context: object, out: ResidentTensor) =>
        pool.backward(gradient, { dims, rois, ...context }, { out }),
      dispose: () => pool.dispose(),
    };
  }

  const dispose = () => {
    for (const tensor of tensors) tensor.dispose();
    calls.dispose();
  };
  // Indices are exact in `float32`, as planes are small.
  const values = (...results: ResidentTensor[]) => concatenate(Float32Array, results.map(valuesOf));
  if (operation === 'forward' || operation === 'average') {
    return { run: calls.forward, values: () => values(output), dispose };
  }
  if (operation === 'indices') return { run: calls.indices, values: () => values(output, indices), dispose };
  const gradient = drawn(outputDims);
  const out = make(dims, type);
  const indexed = operation === 'backward' && !c.samplingRatio;
  if (indexed) calls.indices(0);
  const context = indexed ? { indices } : {};
  return { run: () => calls.backward(gradient, context, out), values: () => values(out), dispose };
}

/** The elements of a tensor, halves by their bits. */
function rawOf({ type, data }: ResidentTensor) {
  return type === 'float16'
    ? new Uint16Array(data.buffer, data.byteOffset, data.length)
    : (data as Float32Array);
}

/** A number from -2 to 2 as one that type `of` has, and as an element of `type`. */
function convert(value: number, of: Type, type: Type): number {
  if (of === 'float32') return value;
  if (of === 'float16') return type === 'float16' ? numberToHalf(value) : halfToNumber(numberToHalf(value));
  return Math.floor(64 * value) + (of === 'uint8' ? 128 : 0);
}
