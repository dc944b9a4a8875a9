import { type Batch, describeBatch } from './batch.js';
import { checkMapSize, type LevelBounds, readBinBounds } from './bins.js';
import type { Buffers } from './buffers.js';
import { type Call, makeCall, type Placement } from './call.js';
import { checkOptions, checkSameDims, fail, show } from './check.js';
import { PyramidPoolError } from './errors.js';
import { checkGiven, checkMaps, checkOut, checkOutMaps, type Given } from './given.js';
import type { operations } from './job.js';
import { countBins } from './levels.js';
import type { WasmMemory } from './memory.js';
import { type PyramidPoolOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { PlanOptions } from './plans.js';
import { defaultRuntime, type Internals, Runtime } from './runtime.js';
import { ELEMENT_BYTES, type Tensor, type TensorLike } from './tensor.js';

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
    const maps = checkMaps(input);
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
    const maps = checkMaps(input);
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

/** Makes a pool. Pools are light: they share the memory, the plans and the threads of their runtime. */
export async function createPyramidPool(options: PyramidPoolOptions): Promise<PyramidPool> {
  const { runtime: given, ...resolved } = resolveOptions(options);
  const runtime = given ?? (await defaultRuntime());
  return new PyramidPool(Object.freeze(resolved), runtime);
}
