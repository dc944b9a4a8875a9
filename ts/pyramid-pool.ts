import { type Batch, checkMaps, describeBatch } from './batch.js';
import { type Bins, binRules, checkMapSize, type LevelBounds, readBinBounds } from './bins.js';
import type { Buffers, Given } from './buffers.js';
import { type Call, makeCall, type Placement } from './call.js';
import { checkOneOf, checkOptions, checkSameDims, checkTensor, fail, show } from './check.js';
import { PyramidPoolError } from './errors.js';
import { type Layout, layouts } from './feature-map.js';
import type { operations } from './job.js';
import { checkLevels, countBins, type Grid, type Level } from './levels.js';
import type { WasmMemory } from './memory.js';
import { PlanOptions } from './plans.js';
import { defaultRuntime, type Internals, Runtime } from './runtime.js';
import { type DataType, ELEMENT_BYTES, type Tensor, type TensorLike } from './tensor.js';

/** What a bin makes of its cells: the greatest, or their average. */
export type Reduction = 'max' | 'average';

const reductions: readonly Reduction[] = ['max', 'average'];

/** What a pool is made for. */
export interface PyramidPoolOptions {
  /** The levels, in the order of the output: each `n` for `n` by `n` bins, or `[nh, nw]`. */
  levels: readonly Level[];
  /** What a bin makes of its cells; default `'max'`. */
  reduction?: Reduction;
  /** Which cells a bin reads; default `'adaptive'`. */
  bins?: Bins;
  /** The order of the feature map's axes, and with it of the output. Default `'NCHW'`. */
  layout?: Layout;
  /** Where to run; by default one runtime that all pools share. */
  runtime?: Runtime;
}

/** A pool's options, with nothing left open. */
export interface ResolvedOptions {
  readonly levels: readonly Grid[];
  readonly reduction: Reduction;
  readonly bins: Bins;
  readonly layout: Layout;
}

/** A tensor to write a result to, instead of a new one. */
export interface OutOption<T = TensorLike> {
  out?: T;
}

/** A pooled feature map, and where in its plane each value came from: `row * width + column`. */
export interface OutputWithIndices {
  readonly output: Tensor<'float32'>;
  readonly indices: Tensor<'int32'>;
}

/** What the gradient of a call depends on beside the gradient of its output. */
export interface BackwardContext {
  /** `dims` of the feature map. */
  dims: readonly number[];
  /** The indices of `forwardWithIndices`. Averages need none. */
  indices?: TensorLike;
}

/** The same for a call over several maps. */
export interface RaggedBackwardContext {
  /** `dims` of every feature map. */
  dims: readonly (readonly number[])[];
  indices?: TensorLike;
}

/**
 * Spatial pyramid pooling: a feature map of any height and width becomes a vector of fixed length.
 *
 * Feature maps are `float32` tensors `[N, C, H, W]` (or `[N, H, W, C]`), or of rank 3 for a batch of one without its
 * axis. An output row holds, for each level, `[C, nh, nw]` (or `[nh, nw, C]`) flattened. Maxima, indices and their
 * gradients are PyTorch's, bit for bit: the first of equal maxima wins, NaN wins over everything, the last one over the others.
 */
export class PyramidPool implements Disposable {
  /** What the pool was made with. */
  readonly options: ResolvedOptions;
  /** Where it runs. */
  readonly runtime: Runtime;
  readonly #bins: number;
  readonly #planOptions: PlanOptions;
  #disposed = false;

  /** Made by `createPyramidPool`. */
  constructor(options: ResolvedOptions, runtime: Runtime) {
    this.options = options;
    this.runtime = runtime;
    this.#bins = countBins(options.levels);
    this.#planOptions = new PlanOptions(options.levels, options.bins, options.layout);
  }

  /**
   * Pools a feature map, or several of different sizes: their rows follow each other in one output.
   *
   * Blocks; on a page it runs on the page's thread alone.
   */
  forward(input: TensorLike | readonly TensorLike[], options?: OutOption): Tensor<'float32'> {
    return this.#run(this.#forward(input, options));
  }

  /** Pools as `forward`, and says where every value came from. */
  forwardWithIndices(
    input: TensorLike | readonly TensorLike[],
    options?: OutOption<{ output: TensorLike; indices: TensorLike }>,
  ): OutputWithIndices {
    return this.#run(this.#forwardWithIndices(input, options));
  }

  /**
   * The gradient with respect to the feature map: each bin's is added to the cell its index names, or shared out
   * evenly where it averages. Where `dims` is a list, so is the result.
   */
  backward(gradOutput: TensorLike, context: BackwardContext, options?: OutOption): Tensor<'float32'>;
  backward(
    gradOutput: TensorLike,
    context: RaggedBackwardContext,
    options?: OutOption<readonly TensorLike[]>,
  ): Tensor<'float32'>[];
  backward(
    gradOutput: TensorLike,
    context: BackwardContext | RaggedBackwardContext,
    options?: OutOption<TensorLike | readonly TensorLike[]>,
  ): Tensor<'float32'> | Tensor<'float32'>[] {
    return this.#run(this.#backward(gradOutput, context, options));
  }

  /**
   * As `forward`, without blocking where the runtime has threads.
   *
   * Plain inputs are copied before this returns; tensors that live in WASM memory must stay as they are until it is
   * done. Calls do not wait for each other unless you do.
   */
  async forwardAsync(
    input: TensorLike | readonly TensorLike[],
    options?: OutOption,
  ): Promise<Tensor<'float32'>> {
    return this.#runAsync(this.#forward(input, options));
  }

  /** As `forwardWithIndices`, without blocking where the runtime has threads. */
  async forwardWithIndicesAsync(
    input: TensorLike | readonly TensorLike[],
    options?: OutOption<{ output: TensorLike; indices: TensorLike }>,
  ): Promise<OutputWithIndices> {
    return this.#runAsync(this.#forwardWithIndices(input, options));
  }

  /** As `backward`, without blocking where the runtime has threads. */
  backwardAsync(
    gradOutput: TensorLike,
    context: BackwardContext,
    options?: OutOption,
  ): Promise<Tensor<'float32'>>;
  backwardAsync(
    gradOutput: TensorLike,
    context: RaggedBackwardContext,
    options?: OutOption<readonly TensorLike[]>,
  ): Promise<Tensor<'float32'>[]>;
  async backwardAsync(
    gradOutput: TensorLike,
    context: BackwardContext | RaggedBackwardContext,
    options?: OutOption<TensorLike | readonly TensorLike[]>,
  ): Promise<Tensor<'float32'> | Tensor<'float32'>[]> {
    return this.#runAsync(this.#backward(gradOutput, context, options));
  }

  /** `dims` of the output for a feature map of these `dims`, or for several maps. */
  outputDims(dims: readonly number[] | readonly (readonly number[])[]): number[] {
    return [...this.#batchOf(dims).outputDims];
  }

  /** Which rows and columns every bin reads of a `height` by `width` map, level by level. */
  binBounds(height: number, width: number): LevelBounds[] {
    checkMapSize(height, 'height');
    checkMapSize(width, 'width');
    const { bins, levels } = this.options;
    return readBinBounds(this.#internals().memory, bins, levels, height, width);
  }

  /** Makes the pool unusable. Its runtime goes on, and belongs to whoever made it. */
  dispose(): void {
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #forward(
    input: TensorLike | readonly TensorLike[],
    options: OutOption | undefined,
  ): Call<Tensor<'float32'>> {
    const maps = checkMaps(input, 'input');
    const batch = this.#batchOfMaps(maps, Array.isArray(input));
    const target = checkOut(
      checkOptions(options, 'options', ['out']).out,
      'float32',
      batch.outputDims,
      'options.out',
    );
    return this.#call(this.options.reduction === 'max' ? 'forward' : 'average', batch, (buffers) => {
      const addresses = maps.map((map) => buffers.read('float32', map));
      const output = buffers.write('float32', batch.outputDims, target);
      return { maps: addresses, output: output.address, indices: 0, finish: output.take };
    });
  }

  #forwardWithIndices(
    input: TensorLike | readonly TensorLike[],
    options: OutOption<{ output: TensorLike; indices: TensorLike }> | undefined,
  ): Call<OutputWithIndices> {
    if (this.options.reduction !== 'max') {
      throw new PyramidPoolError(
        'invalid-options',
        'averages have no indices: use forward, and backward without indices',
      );
    }
    const maps = checkMaps(input, 'input');
    const batch = this.#batchOfMaps(maps, Array.isArray(input));
    const given = checkOptions(options, 'options', ['out']).out;
    const out = checkOptions(given, 'options.out', ['output', 'indices']);
    const target = checkOut(out.output, 'float32', batch.outputDims, 'options.out.output');
    const places = checkOut(out.indices, 'int32', batch.outputDims, 'options.out.indices');
    return this.#call('forwardWithIndices', batch, (buffers) => {
      const addresses = maps.map((map) => buffers.read('float32', map));
      const output = buffers.write('float32', batch.outputDims, target);
      const indices = buffers.write('int32', batch.outputDims, places);
      const finish = () => ({ output: output.take(), indices: indices.take() });
      return { maps: addresses, output: output.address, indices: indices.address, finish };
    });
  }

  #backward(
    gradOutput: TensorLike,
    context: BackwardContext | RaggedBackwardContext,
    options: OutOption<TensorLike | readonly TensorLike[]> | undefined,
  ): Call<Tensor<'float32'> | Tensor<'float32'>[]> {
    const gradient = checkGiven(gradOutput, 'float32', 'gradOutput');
    if (typeof context !== 'object' || context === null) {
      fail(
        'invalid-options',
        'the second argument',
        `is ${show(context)}`,
        'an object with dims and indices',
      );
    }
    const { dims, indices } = context;
    const batch = this.#batchOf(dims);
    checkSameDims(gradient.tensor.dims, batch.outputDims, 'gradOutput.dims');
    const isMax = this.options.reduction === 'max';
    const places = isMax ? checkGiven(indices, 'int32', 'indices') : undefined;
    if (places) checkSameDims(places.tensor.dims, batch.outputDims, 'indices.dims');
    const targets = checkOutMaps(checkOptions(options, 'options', ['out']).out, batch);
    return this.#call(isMax ? 'backward' : 'averageBackward', batch, (buffers) => {
      const output = buffers.read('float32', gradient);
      const at = places ? buffers.read('int32', places) : 0;
      const results = batch.shapes.map(({ dims }, i) => buffers.write('float32', dims, targets[i]));
      if (places) checkIndices(this.#internals().memory, at, batch);
      const finish = () => {
        const gradients = results.map((result) => result.take());
        return batch.ragged ? gradients : (gradients[0] as Tensor<'float32'>);
      };
      return { maps: results.map(({ address }) => address), output, indices: at, finish };
    });
  }

  #call<R>(
    operation: keyof typeof operations,
    batch: Batch,
    place: (buffers: Buffers) => Placement<R>,
  ): Call<R> {
    return makeCall(this.#internals(), this.#planOptions, operation, batch, place);
  }

  #run<R>(call: Call<R>): R {
    try {
      this.#internals().dispatcher.run(call.work);
      return call.finish();
    } catch (error) {
      call.abandoned = isLost(error);
      throw error;
    } finally {
      call.free();
    }
  }

  async #runAsync<R>(call: Call<R>): Promise<R> {
    try {
      await this.#internals().dispatcher.runAsync(call.work);
      return call.finish();
    } catch (error) {
      call.abandoned = isLost(error);
      throw error;
    } finally {
      call.free();
    }
  }

  #internals(): Internals {
    if (this.#disposed) throw new PyramidPoolError('disposed', 'this pool was disposed');
    return Runtime.internals(this.runtime);
  }

  #batchOfMaps(maps: readonly Given<'float32'>[], ragged: boolean): Batch {
    const path = (i: number) => (ragged ? `input[${i}].dims` : 'input.dims');
    return this.#describe(
      maps.map(({ tensor }) => tensor.dims),
      ragged,
      path,
    );
  }

  /** The batch of a list of `dims`, or of `dims` alone. */
  #batchOf(dims: unknown): Batch {
    const ragged = isList(dims);
    return this.#describe(ragged ? dims : [dims], ragged, (i) => (ragged ? `dims[${i}]` : 'dims'));
  }

  #describe(dims: readonly unknown[], ragged: boolean, path: (i: number) => string): Batch {
    return describeBatch(dims, ragged, { layout: this.options.layout, bins: this.#bins, path });
  }
}

/** Whether a call ended while workers may still be writing to its memory. */
function isLost(error: unknown): boolean {
  return error instanceof PyramidPoolError && error.code === 'worker-failed';
}

/** Whether `dims` are those of several maps. */
function isList(dims: unknown): dims is readonly unknown[] {
  return Array.isArray(dims) && (dims.length === 0 || typeof dims[0] === 'object');
}

/** Indices of another shape would write outside their plane. They are checked where they are read, in WASM memory. */
function checkIndices(memory: WasmMemory, address: number, { shapes, outputDims }: Batch): void {
  const row = outputDims.at(-1) as number;
  let before = 0;
  for (const { batch, height, width } of shapes) {
    const [cells, count] = [height * width, batch * row];
    const bad = memory.kernels.first_bad_index(address + before * ELEMENT_BYTES, count, cells) >>> 0;
    if (bad < count) {
      const index = memory.view('int32', address, before + count)[before + bad];
      throw new PyramidPoolError(
        'invalid-indices',
        `indices.data[${before + bad}] is ${index}, but a plane of ${height} x ${width} has ${cells} cells`,
      );
    }
    before += count;
  }
}

/** Checks `out` of `backward`: a tensor like the map, or a list of them. */
function checkOutMaps(out: unknown, { shapes, ragged }: Batch): (Given<'float32'> | undefined)[] {
  const list = ragged ? out : [out];
  if (out === undefined) return [];
  if (!Array.isArray(list) || list.length !== shapes.length) {
    fail('invalid-data', 'options.out', `is ${show(out)}`, `a list of ${shapes.length} tensors`);
  }
  return shapes.map(({ dims }, i) =>
    checkOut(list[i], 'float32', dims, ragged ? `options.out[${i}]` : 'options.out'),
  );
}

function checkGiven<T extends DataType>(given: unknown, type: T, path: string): Given<T> {
  return { tensor: checkTensor(given, path, type), given, path };
}

function checkOut<T extends DataType>(
  out: unknown,
  type: T,
  dims: readonly number[],
  path: string,
): Given<T> | undefined {
  if (out === undefined) return undefined;
  const given = checkGiven(out, type, path);
  checkSameDims(given.tensor.dims, dims, `${path}.dims`);
  return given;
}

/** Makes a pool. Pools are light: they share the memory, the plans and the threads of their runtime. */
export async function createPyramidPool(options: PyramidPoolOptions): Promise<PyramidPool> {
  if (options === undefined)
    fail('invalid-options', 'options', 'is missing', 'an object with levels, such as { levels: [4, 2, 1] }');
  const checked = checkOptions(options, 'options', ['levels', 'reduction', 'bins', 'layout', 'runtime']);
  const resolved = Object.freeze({
    levels: checkLevels(checked.levels, 'options.levels'),
    reduction: checkOneOf(checked.reduction ?? 'max', 'options.reduction', reductions),
    bins: checkOneOf(checked.bins ?? 'adaptive', 'options.bins', Object.keys(binRules) as Bins[]),
    layout: checkOneOf(checked.layout ?? 'NCHW', 'options.layout', layouts),
  });
  const runtime = checked.runtime ?? (await defaultRuntime());
  if (!Runtime.is(runtime))
    fail('invalid-options', 'options.runtime', `is ${show(runtime)}`, 'a Runtime, made by createRuntime');
  Runtime.internals(runtime);
  return new PyramidPool(resolved, runtime);
}
