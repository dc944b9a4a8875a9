import { type Batch, batchOfDims, batchOfMaps, type PyramidShape } from '../arguments/batch.js';
import {
  checkContext,
  checkIndexTensor,
  checkMaps,
  mapTypes,
  realTypes,
  refuseIndices,
} from '../arguments/call-arguments.js';
import { checkSameDims } from '../arguments/checks.js';
import { checkMapSize } from '../arguments/feature-map.js';
import { countBins } from '../arguments/levels.js';
import { checkTensor } from '../arguments/tensors.js';
import type { Gradient, NoOut, OutOption, OutOr, Pooled } from '../core/result-types.js';
import type { MapType, TensorLike } from '../core/tensor.js';
import { unproxied } from '../core/unproxied.js';
import { type LevelBounds, readBinBounds } from '../plans/bins.js';
import { PlanOptions } from '../plans/plan-cache.js';
import { defaultRuntime, type Runtime } from '../runtime/runtime.js';
import type { Call } from './call.js';
import { backwardCall, type CallKind, forwardCall, forwardWithIndicesCall } from './make-call.js';
import { MapPlanner } from './map-planner.js';
import { type PyramidPoolOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { PlainCalls } from './plain-calls.js';
import { type OutputWithIndices, Pool } from './pool.js';
import { run, runAsync } from './run-call.js';

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
export class PyramidPool extends Pool<ResolvedOptions> {
  readonly #pyramid: PyramidShape;
  readonly #planner: MapPlanner;
  /** The short way of maxima. */
  #plainCalls: PlainCalls | undefined;

  /** Made by `createPyramidPool`. */
  constructor(options: ResolvedOptions, runtime: Runtime) {
    super(options, runtime);
    const { levels, bins, layout, outputOrder, reduction, spatialDims } = options;
    this.#pyramid = { layout, spatialDims, bins: countBins(levels) };
    this.#planner = new MapPlanner(new PlanOptions(levels, bins, layout, outputOrder));
    if (reduction === 'max')
      this.#plainCalls = new PlainCalls(this.#pyramid, this.#planner, () => Pool.internals(this));
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
    const calls = options === undefined ? pool.#plainCalls : undefined;
    const result = calls?.forward(input as TensorLike, false) ?? run(pool.#forward(input, options));
    return result as OutOr<O, Pooled<T>>;
  }

  /** Pools as `forward`, and says where every value came from. */
  forwardWithIndices<
    T extends TensorLike,
    O extends OutOption<OutputWithIndices<TensorLike, TensorLike>> = NoOut,
  >(input: T | readonly T[], options?: O): OutOr<O, OutputWithIndices<Pooled<T>>> {
    const pool = unproxied(this);
    const calls = options === undefined ? pool.#plainCalls : undefined;
    const result = calls?.forward(input as TensorLike, true) ?? run(pool.#forwardWithIndices(input, options));
    return result as OutOr<O, OutputWithIndices<Pooled<T>>>;
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
    const calls = options === undefined ? pool.#plainCalls : undefined;
    const result = calls?.backward(gradOutput, context) ?? run(pool.#backward(gradOutput, context, options));
    return result as OutOr<O, MapGradient<G, L>>;
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
    return runAsync<OutOr<O, Pooled<T>>>(pool.#forward(input, options));
  }

  /** As `forwardWithIndices`, without blocking where the runtime has threads. */
  async forwardWithIndicesAsync<
    T extends TensorLike,
    O extends OutOption<OutputWithIndices<TensorLike, TensorLike>> = NoOut,
  >(input: T | readonly T[], options?: O): Promise<OutOr<O, OutputWithIndices<Pooled<T>>>> {
    const pool = unproxied(this);
    return runAsync<OutOr<O, OutputWithIndices<Pooled<T>>>>(pool.#forwardWithIndices(input, options));
  }

  /** As `backward`, without blocking where the runtime has threads. */
  async backwardAsync<
    G extends TensorLike,
    L extends MapDims,
    O extends OutOption<TensorLike | readonly TensorLike[]> = NoOut,
  >(gradOutput: G, context: BackwardContext<L>, options?: O): Promise<OutOr<O, MapGradient<G, L>>> {
    const pool = unproxied(this);
    return runAsync<OutOr<O, MapGradient<G, L>>>(pool.#backward(gradOutput, context, options));
  }

  /** `dims` of the output for a feature map of these `dims`, or for several maps. */
  outputDims(dims: MapDims): number[] {
    return [...batchOfDims(dims, unproxied(this).#pyramid).outputDims];
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
    return readBinBounds(Pool.internals(unproxied(this)).memory, bins, levels, height, width);
  }

  /** Makes the pool unusable. Its runtime goes on, and belongs to whoever made it. */
  override dispose(): void {
    super.dispose();
    unproxied(this).#plainCalls = undefined;
  }

  get [Symbol.toStringTag](): string {
    return 'PyramidPool';
  }

  #forward(input: unknown, options: OutOption | undefined): Call {
    const isMax = this.options.reduction === 'max';
    const maps = checkMaps<MapType>(input, isMax ? mapTypes : realTypes);
    const batch = batchOfMaps(maps, Array.isArray(input), this.#pyramid);
    return forwardCall(this.#kind(isMax ? 'forward' : 'average', batch), maps, options);
  }

  #forwardWithIndices(
    input: unknown,
    options: OutOption<OutputWithIndices<TensorLike, TensorLike>> | undefined,
  ): Call {
    if (this.options.reduction !== 'max') refuseIndices();
    const maps = checkMaps(input, mapTypes);
    const batch = batchOfMaps(maps, Array.isArray(input), this.#pyramid);
    return forwardWithIndicesCall(this.#kind('forwardWithIndices', batch), maps, options);
  }

  #backward(
    gradOutput: unknown,
    context: BackwardContext,
    options: OutOption<TensorLike | readonly TensorLike[]> | undefined,
  ): Call {
    const isMax = this.options.reduction === 'max';
    const gradient = checkTensor(gradOutput, 'gradOutput', realTypes);
    const { dims, indices } = checkContext(context, 'dims and indices');
    const batch = batchOfDims(dims, this.#pyramid);
    checkSameDims(gradient.dims, batch.outputDims, 'gradOutput.dims');
    const checkedIndices = isMax ? checkIndexTensor(indices, batch.outputDims) : undefined;
    const kind = this.#kind(isMax ? 'backward' : 'averageBackward', batch);
    return backwardCall(kind, gradient, checkedIndices, options);
  }

  #kind(operation: Call['operation'], batch: Batch): CallKind {
    return { pool: this, operation, planner: this.#planner, batch, rois: undefined };
  }
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
  const { runtime: chosen, ...resolved } = resolveOptions(options);
  const runtime = chosen ?? (await defaultRuntime());
  return new PyramidPool(Object.freeze(resolved), runtime);
}
