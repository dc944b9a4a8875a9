import { type Batch, describeBatch } from '../arguments/batch.js';
import { checkOptions, checkSameDims } from '../arguments/checks.js';
import { checkChannels } from '../arguments/feature-map.js';
import { countBins } from '../arguments/levels.js';
import {
  checkContext,
  checkMaps,
  checkOut,
  checkOutMaps,
  checkOutWithIndices,
  checkTensorArgument,
  type MapArguments,
  mapTypes,
  realTypes,
  type TensorArgument,
} from '../arguments/tensor-argument.js';
import { PyramidPoolError } from '../core/errors.js';
import type { Gradient, NoOut, OutOption, OutOr, PlainTensor, Pooled } from '../core/result-types.js';
import type { MapType, Tensor, TensorLike } from '../core/tensor.js';
import { Unproxied, unproxied } from '../core/unproxied.js';
import type { CallMemory } from '../memory/call-memory.js';
import type { operations } from '../memory/job.js';
import { checkMapSize, type LevelBounds, readBinBounds } from '../plans/bins.js';
import { PlanOptions } from '../plans/plan-cache.js';
import { defaultRuntime, type Internals, type Runtime } from '../runtime/runtime.js';
import { type Call, Caller } from './call.js';
import { checkIndices } from './indices.js';
import { type Addresses, describeMapJobs, planMaps } from './map-jobs.js';
import { type PyramidPoolOptions, type ResolvedOptions, resolveOptions } from './options.js';

/** A pooled feature map, and where in its plane each value came from: `row * width + column`. */
export interface OutputWithIndices<Output = Tensor<MapType>, Indices = PlainTensor<'int32'>> {
  readonly output: Output;
  readonly indices: Indices;
}

/** `dims` of one feature map, or of several. */
export type MapDims = readonly number[] | readonly (readonly number[])[];

/** What the gradient of a call depends on beside the gradient of its output. */
export interface BackwardContext<L extends MapDims = MapDims> {
  /** `dims` of the feature map, or of each where there were several. */
  dims: L;
  /** The indices of `forwardWithIndices`. Averages need none. */
  indices?: TensorLike;
}

/** The gradient with respect to one feature map, or to each of several. */
export type MapGradient<G extends TensorLike, L extends MapDims> = L extends readonly number[]
  ? Gradient<G>
  : Gradient<G>[];

/**
 * Spatial pyramid pooling: a feature map of any height and width becomes a vector of fixed length.
 *
 * Feature maps are tensors `[N, C, H, W]` (or `[N, H, W, C]`), or of rank 3 for a batch of one without its axis, of
 * `float32`, `float16`, `int8` or `uint8`; the output has their type. An output row holds, for each level, `[C, nh, nw]` (or
 * `[nh, nw, C]`) flattened; with `outputOrder: 'channels'`, for each channel the bins of all levels. Maxima, indices and their gradients are PyTorch's, bit for bit: the first of equal maxima wins,
 * NaN wins over everything, the last one over the others.
 */
export class PyramidPool extends Unproxied implements Disposable {
  /** What the pool was made with. */
  readonly options: ResolvedOptions;
  /** Where it runs. */
  readonly runtime: Runtime;
  readonly #caller: Caller;
  readonly #pyramid: Pick<ResolvedOptions, 'layout' | 'spatialDims'> & { readonly bins: number };
  readonly #planOptions: PlanOptions;

  /** Made by `createPyramidPool`. */
  constructor(options: ResolvedOptions, runtime: Runtime) {
    super();
    this.options = options;
    this.runtime = runtime;
    this.#caller = new Caller(runtime);
    const { levels, layout, spatialDims } = options;
    this.#pyramid = { layout, spatialDims, bins: countBins(levels) };
    this.#planOptions = new PlanOptions(levels, options.bins, layout, options.outputOrder);
  }

  /**
   * Pools a feature map, or several of different sizes: their rows follow each other in one output.
   *
   * Blocks; on a page it runs on the page's thread alone.
   */
  forward<T extends TensorLike, O extends OutOption = NoOut>(
    input: T | readonly T[],
    options?: O,
  ): OutOr<O, Pooled<T>> {
    const pool = unproxied(this);
    return pool.#caller.run(pool.#forward<OutOr<O, Pooled<T>>>(input, options));
  }

  /** Pools as `forward`, and says where every value came from. */
  forwardWithIndices<
    T extends TensorLike,
    O extends OutOption<OutputWithIndices<TensorLike, TensorLike>> = NoOut,
  >(input: T | readonly T[], options?: O): OutOr<O, OutputWithIndices<Pooled<T>>> {
    const pool = unproxied(this);
    return pool.#caller.run(pool.#forwardWithIndices<OutOr<O, OutputWithIndices<Pooled<T>>>>(input, options));
  }

  /**
   * The gradient with respect to the feature map, `float32` or `float16`: each bin's is added to the cell its index names,
   * or shared out evenly where it averages. Where `dims` is a list, so is the result.
   */
  backward<
    G extends TensorLike,
    L extends MapDims,
    O extends OutOption<TensorLike | readonly TensorLike[]> = NoOut,
  >(gradOutput: G, context: BackwardContext<L>, options?: O): OutOr<O, MapGradient<G, L>> {
    const pool = unproxied(this);
    return pool.#caller.run(pool.#backward<OutOr<O, MapGradient<G, L>>>(gradOutput, context, options));
  }

  /**
   * As `forward`, without blocking where the runtime has threads.
   *
   * No input may change until the promise has settled. Plain inputs are copied before this returns where memory allows; but
   * a call that does not fit beside those under way, which hold 256 MB or all that the memory can hold, waits for them and
   * reads its inputs then. Tensors that live in WASM memory are always read in place.
   *
   * @throws `PyramidPoolError` as `forward`, by the promise: `out-of-memory` where the call does not fit alone.
   * @example
   * const rows = await Promise.all(maps.map((map) => pool.forwardAsync(map))); // as many maps as you like
   */
  async forwardAsync<T extends TensorLike, O extends OutOption = NoOut>(
    input: T | readonly T[],
    options?: O,
  ): Promise<OutOr<O, Pooled<T>>> {
    const pool = unproxied(this);
    return pool.#caller.runAsync(pool.#forward<OutOr<O, Pooled<T>>>(input, options));
  }

  /** As `forwardWithIndices`, without blocking where the runtime has threads. */
  async forwardWithIndicesAsync<
    T extends TensorLike,
    O extends OutOption<OutputWithIndices<TensorLike, TensorLike>> = NoOut,
  >(input: T | readonly T[], options?: O): Promise<OutOr<O, OutputWithIndices<Pooled<T>>>> {
    const pool = unproxied(this);
    return pool.#caller.runAsync(
      pool.#forwardWithIndices<OutOr<O, OutputWithIndices<Pooled<T>>>>(input, options),
    );
  }

  /** As `backward`, without blocking where the runtime has threads. */
  async backwardAsync<
    G extends TensorLike,
    L extends MapDims,
    O extends OutOption<TensorLike | readonly TensorLike[]> = NoOut,
  >(gradOutput: G, context: BackwardContext<L>, options?: O): Promise<OutOr<O, MapGradient<G, L>>> {
    const pool = unproxied(this);
    return pool.#caller.runAsync(pool.#backward<OutOr<O, MapGradient<G, L>>>(gradOutput, context, options));
  }

  /** `dims` of the output for a feature map of these `dims`, or for several maps. */
  outputDims(dims: MapDims): number[] {
    return [...unproxied(this).#batchOf(dims).outputDims];
  }

  /**
   * How long the vector of a map with so many channels is, whatever its size: what the layer after it needs to know.
   *
   * @throws `PyramidPoolError` with the code `invalid-dims` where `channels` is not a whole number from 1 up.
   *
   * @example
   * const pool = await createPyramidPool({ levels: [4, 2, 1] });
   * pool.vectorLength(256); // 21 * 256 = 5376
   */
  vectorLength(channels: number): number {
    checkChannels(channels);
    return channels * unproxied(this).#pyramid.bins;
  }

  /** Which rows and columns every bin reads of a `height` by `width` map, level by level. */
  binBounds(height: number, width: number): LevelBounds[];
  /** The same along one axis, for a pool that was made with `spatialDims: 1`. */
  binBounds(length: number): LevelBounds[];
  binBounds(...size: number[]): LevelBounds[] {
    const { bins, levels, spatialDims } = this.options;
    const names = spatialDims === 1 ? ['length'] : ['height', 'width'];
    names.forEach((name, axis) => {
      checkMapSize(size[axis], name);
    });
    const [height, width] = (spatialDims === 1 ? [1, size[0]] : size) as [number, number];
    return readBinBounds(unproxied(this).#caller.internals.memory, bins, levels, height, width);
  }

  /** Makes the pool unusable. Its runtime goes on, and belongs to whoever made it. */
  dispose(): void {
    unproxied(this).#caller.dispose();
  }

  /** The same as `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  get [Symbol.toStringTag](): string {
    return 'PyramidPool';
  }

  #forward<R>(input: unknown, options: OutOption | undefined): Call<R> {
    const isMax = this.options.reduction === 'max';
    const given: MapArguments<MapType> = checkMaps(input, isMax ? mapTypes : realTypes);
    const { maps, type } = given;
    const batch = this.#batchOfMaps(given, Array.isArray(input));
    const { out } = checkOptions(options, 'options', ['out']);
    const target = checkOut(out, type, batch.outputDims, 'options.out');
    return this.#call(isMax ? 'forward' : 'average', type, batch, [...maps, target], (callMemory) => {
      const addresses = maps.map((map) => callMemory.read(map));
      const output = callMemory.write(type, batch.outputDims, target);
      return { maps: addresses, output: output.address, indices: 0, finish: output.toTensor as () => R };
    });
  }

  #forwardWithIndices<R>(
    input: unknown,
    options: OutOption<OutputWithIndices<TensorLike, TensorLike>> | undefined,
  ): Call<R> {
    if (this.options.reduction !== 'max') {
      throw new PyramidPoolError(
        'invalid-options',
        'averages have no indices: use forward, and backward without indices',
      );
    }
    const given = checkMaps(input, mapTypes);
    const { maps, type } = given;
    const batch = this.#batchOfMaps(given, Array.isArray(input));
    const targets = checkOutWithIndices(options, type, batch.outputDims);
    return this.#call(
      'forwardWithIndices',
      type,
      batch,
      [...maps, targets.output, targets.indices],
      (callMemory) => {
        const addresses = maps.map((map) => callMemory.read(map));
        const output = callMemory.write(type, batch.outputDims, targets.output);
        const indices = callMemory.write('int32', batch.outputDims, targets.indices);
        const finish = () => ({ output: output.toTensor(), indices: indices.toTensor() }) as R;
        return { maps: addresses, output: output.address, indices: indices.address, finish };
      },
    );
  }

  #backward<R>(
    gradOutput: unknown,
    context: BackwardContext,
    options: OutOption<TensorLike | readonly TensorLike[]> | undefined,
  ): Call<R> {
    const gradient = checkTensorArgument(gradOutput, realTypes, 'gradOutput');
    const { type } = gradient.tensor;
    const { dims, indices } = checkContext(context, 'dims and indices');
    const batch = this.#batchOf(dims);
    checkSameDims(gradient.tensor.dims, batch.outputDims, 'gradOutput.dims');
    const isMax = this.options.reduction === 'max';
    const places = isMax ? checkTensorArgument(indices, ['int32'], 'indices') : undefined;
    if (places) checkSameDims(places.tensor.dims, batch.outputDims, 'indices.dims');
    const targets = checkOutMaps(checkOptions(options, 'options', ['out']).out, type, batch);
    return this.#call(
      isMax ? 'backward' : 'averageBackward',
      type,
      batch,
      [gradient, places, ...targets],
      (callMemory, { memory }) => {
        const output = callMemory.read(gradient);
        const at = places ? callMemory.read(places) : 0;
        const results = batch.shapes.map(({ dims }, i) => callMemory.write(type, dims, targets[i]));
        if (places) checkIndices(memory, at, batch);
        const finish = () => {
          const gradients = results.map((result) => result.toTensor());
          return (batch.ragged ? gradients : gradients[0]) as R;
        };
        return { maps: results.map(({ address }) => address), output, indices: at, finish };
      },
    );
  }

  #call<R>(
    operation: keyof typeof operations,
    type: MapType,
    batch: Batch,
    tensors: readonly (TensorArgument | undefined)[],
    place: (callMemory: CallMemory, internals: Internals) => Addresses & { finish(): R },
  ): Call<R> {
    return {
      tensors,
      isLight: this.options.reduction === 'max',
      prepare: (internals, callMemory) => {
        const plans = planMaps(internals, this.#planOptions, batch, callMemory);
        const placed = place(callMemory, internals);
        return {
          jobList: describeMapJobs(internals, operation, type, batch, plans, placed),
          finish: placed.finish,
        };
      },
    };
  }

  #batchOfMaps({ maps }: MapArguments<MapType>, ragged: boolean): Batch {
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
    return describeBatch(dims, ragged, this.#pyramid, path);
  }
}

/** Whether `dims` are those of several maps. */
function isList(dims: unknown): dims is readonly unknown[] {
  return Array.isArray(dims) && (dims.length === 0 || typeof dims[0] === 'object');
}

/**
 * Makes a pool. Pools are light: they share the memory, the plans and the threads of their runtime.
 *
 * @returns a pool whose `forward` takes maps `[N, C, H, W]`, or `[N, H, W, C]` for `layout: 'NHWC'`, and gives
 * `[N, bins * C]`: the levels one after the other, or the channels with `outputOrder: 'channels'`
 * @example
 * ```js
 * import { createPyramidPool } from 'pyramid-pool';
 *
 * const pool = await createPyramidPool({ levels: [4, 2, 1] });
 * const map = { data: new Float32Array(2 * 256 * 13 * 17), dims: [2, 256, 13, 17] };
 * const { output, indices } = pool.forwardWithIndices(map);
 * const gradient = pool.backward(output, { dims: map.dims, indices });
 * console.log(output.dims, gradient.dims); // [ 2, 5376 ] [ 2, 256, 13, 17 ]
 * ```
 * @throws `PyramidPoolError` with the code `invalid-options` for options that are none, `disposed` for a disposed runtime
 */
export async function createPyramidPool(options: PyramidPoolOptions): Promise<PyramidPool> {
  const { runtime: given, ...resolved } = resolveOptions(options);
  const runtime = given ?? (await defaultRuntime());
  return new PyramidPool(Object.freeze(resolved), runtime);
}
