import {
  checkContext,
  checkIndexTensor,
  mapTypes,
  realTypes,
  refuseIndices,
} from '../arguments/call-arguments.js';
import { checkDims, checkSameDims, describeValue, fail } from '../arguments/checks.js';
import { checkMapSize, featureMapShape } from '../arguments/feature-map.js';
import { countBins } from '../arguments/levels.js';
import { checkCorners, checkRois } from '../arguments/rois.js';
import { checkTensor } from '../arguments/tensors.js';
import { PyramidPoolError } from '../core/errors.js';
import type { Gradient, NoOut, OutOption, OutOr, Pooled } from '../core/result-types.js';
import type { MapType, TensorLike } from '../core/tensor.js';
import { unproxied } from '../core/unproxied.js';
import { CallMemory } from '../memory/call-memory.js';
import { inputOperand } from '../memory/operand.js';
import type { LevelBounds } from '../plans/bins.js';
import { defaultRuntime, type Runtime } from '../runtime/runtime.js';
import type { Call } from './call.js';
import { backwardCall, forwardCall, forwardWithIndicesCall } from './make-call.js';
import { type OutputWithIndices, Pool } from './pool.js';
import { type ResolvedRoiOptions, type RoiPyramidPoolOptions, resolveRoiOptions } from './roi-options.js';
import { RoiPlanner } from './roi-planner.js';
import { run, runAsync } from './run-call.js';

/** What the gradient of a call over regions depends on beside the gradient of its output. */
export interface RoiBackwardContext {
  /** `dims` of the feature map. */
  dims: readonly number[];
  /** The regions of the call. */
  rois: TensorLike;
  /** The indices of `forwardWithIndices`. Averages have none. */
  indices?: TensorLike;
}

/**
 * The pyramid over regions of a feature map, as detection does: every region becomes a row of fixed length.
 *
 * Feature maps are as for `PyramidPool`. Regions are a `float32` tensor `[K, 5]` of item, x1, y1, x2, y2: 0-based pixel
 * positions in the image. The output is `[K, C * bins]`, laid out as that of `PyramidPool`. An index is -1, and its gradient
 * goes nowhere, where `'roi-pool'` selects no cell: outside the map, or where all are NaN or `-Infinity`.
 */
export class RoiPyramidPool extends Pool<ResolvedRoiOptions> {
  readonly #planner: RoiPlanner;

  /** Made by `createRoiPyramidPool`. */
  constructor(options: ResolvedRoiOptions, runtime: Runtime) {
    super(options, runtime);
    this.#planner = new RoiPlanner(options);
  }

  /** Pools the regions of a feature map. Blocks; on a page it runs on the page's thread alone. */
  forward<T extends TensorLike, O extends OutOption = NoOut>(
    featureMap: T,
    rois: TensorLike,
    options?: O,
  ): OutOr<O, Pooled<T>> {
    const pool = unproxied(this);
    return run<OutOr<O, Pooled<T>>>(pool.#forward(featureMap, rois, options));
  }

  /** Pools as `forward`, and says where every value came from. Averages have no indices. */
  forwardWithIndices<
    T extends TensorLike,
    O extends OutOption<OutputWithIndices<TensorLike, TensorLike>> = NoOut,
  >(featureMap: T, rois: TensorLike, options?: O): OutOr<O, OutputWithIndices<Pooled<T>>> {
    const pool = unproxied(this);
    return run<OutOr<O, OutputWithIndices<Pooled<T>>>>(pool.#forwardWithIndices(featureMap, rois, options));
  }

  /**
   * The gradient with respect to the feature map, `float32` or `float16`: each bin's is added to the cell of its index, or
   * shared out evenly where the pool averages; by `'roi-align'`, among the cells around its samples.
   */
  backward<G extends TensorLike, O extends OutOption = NoOut>(
    gradOutput: G,
    context: RoiBackwardContext,
    options?: O,
  ): OutOr<O, Gradient<G>> {
    const pool = unproxied(this);
    return run<OutOr<O, Gradient<G>>>(pool.#backward(gradOutput, context, options));
  }

  /**
   * As `forward`, without blocking where the runtime has threads. No input may change until the promise has settled: a call that
   * does not fit into memory beside those before it waits for them, and reads its inputs then.
   */
  async forwardAsync<T extends TensorLike, O extends OutOption = NoOut>(
    featureMap: T,
    rois: TensorLike,
    options?: O,
  ): Promise<OutOr<O, Pooled<T>>> {
    const pool = unproxied(this);
    return runAsync<OutOr<O, Pooled<T>>>(pool.#forward(featureMap, rois, options));
  }

  /** As `forwardWithIndices`, without blocking where the runtime has threads. */
  async forwardWithIndicesAsync<
    T extends TensorLike,
    O extends OutOption<OutputWithIndices<TensorLike, TensorLike>> = NoOut,
  >(featureMap: T, rois: TensorLike, options?: O): Promise<OutOr<O, OutputWithIndices<Pooled<T>>>> {
    const pool = unproxied(this);
    return runAsync<OutOr<O, OutputWithIndices<Pooled<T>>>>(
      pool.#forwardWithIndices(featureMap, rois, options),
    );
  }

  /** As `backward`, without blocking where the runtime has threads. */
  async backwardAsync<G extends TensorLike, O extends OutOption = NoOut>(
    gradOutput: G,
    context: RoiBackwardContext,
    options?: O,
  ): Promise<OutOr<O, Gradient<G>>> {
    const pool = unproxied(this);
    return runAsync<OutOr<O, Gradient<G>>>(pool.#backward(gradOutput, context, options));
  }

  /** Which rows and columns of a `height` by `width` map every bin of a region reads, level by level. Not by `'roi-align'`. */
  binBounds(
    height: number,
    width: number,
    roi: readonly [x1: number, y1: number, x2: number, y2: number],
  ): LevelBounds[] {
    if (this.options.rule === 'roi-align') {
      throw new PyramidPoolError(
        'invalid-options',
        "binBounds is for rules whose bins hold whole cells: 'roi-align' samples the map between them",
      );
    }
    checkMapSize(height, 'height');
    checkMapSize(width, 'width');
    const pool = unproxied(this);
    const internals = Pool.internals(pool);
    const data = Float32Array.of(0, ...checkCorners(roi));
    const rois = inputOperand(checkRois({ data, dims: [1, 5] }, 1));
    const callMemory = new CallMemory(internals.memory, [rois]);
    try {
      callMemory.place([rois]);
      const plan = pool.#planner.plan(internals, { batch: 1, height, width }, callMemory, rois);
      return pool.#planner.binBounds(internals, plan);
    } finally {
      callMemory.free();
    }
  }

  get [Symbol.toStringTag](): string {
    return 'RoiPyramidPool';
  }

  /** Whether bins have averages, and not maxima. */
  get #averages(): boolean {
    return this.options.reduction === 'average';
  }

  #forward(featureMap: unknown, rois: unknown, options: OutOption | undefined): Call {
    const map = checkTensor<MapType>(featureMap, 'featureMap', this.#averages ? realTypes : mapTypes);
    const regions = this.#regions(map.dims, 'featureMap.dims', rois);
    const operation = this.#operation('regions', 'regionsAverage');
    return forwardCall({ pool: this, operation, ...regions }, [map], options);
  }

  #forwardWithIndices(
    featureMap: unknown,
    rois: unknown,
    options: OutOption<OutputWithIndices<TensorLike, TensorLike>> | undefined,
  ): Call {
    if (this.#averages) refuseIndices();
    const map = checkTensor(featureMap, 'featureMap', mapTypes);
    const regions = this.#regions(map.dims, 'featureMap.dims', rois);
    return forwardWithIndicesCall(
      { pool: this, operation: 'regionsWithIndices', ...regions },
      [map],
      options,
    );
  }

  #backward(gradOutput: unknown, context: RoiBackwardContext, options: OutOption | undefined): Call {
    const gradient = checkTensor(gradOutput, 'gradOutput', realTypes);
    const averages = this.#averages;
    const { dims, rois, indices } = checkContext(
      context,
      averages ? 'dims and rois' : 'dims, rois and indices',
    );
    const regions = this.#regions(checkDims(dims, 'dims'), 'dims', rois);
    const { outputDims } = regions.batch;
    checkSameDims(gradient.dims, outputDims, 'gradOutput.dims');
    if (averages && indices !== undefined) {
      fail(
        'invalid-options',
        'indices',
        `is ${describeValue(indices)}`,
        'left out: averages have no indices',
      );
    }
    const checkedIndices = averages ? undefined : checkIndexTensor(indices, outputDims);
    const operation = this.#operation('regionsBackward', 'regionsAverageBackward');
    return backwardCall({ pool: this, operation, ...regions }, gradient, checkedIndices, options);
  }

  /** The one of two operations that averages by the rule of the pool. RoIAlign always does, by the first. */
  #operation<T>(first: T, average: T): T {
    return this.#averages && this.options.rule !== 'roi-align' ? average : first;
  }

  /** The regions of a map, which are checked here, and the sizes of a call for them. */
  #regions(dims: readonly number[], path: string, rois: unknown): Pick<Call, 'planner' | 'batch' | 'rois'> {
    const { layout, levels } = this.options;
    const shape = featureMapShape(dims, layout, path);
    const checked = checkRois(rois, shape.batch);
    const outputDims = [checked.dims[0] as number, shape.channels * countBins(levels)];
    const batch = { shapes: [shape], ragged: false, outputDims };
    return { planner: this.#planner, batch, rois: inputOperand(checked) };
  }
}

/**
 * Makes a pool of regions. Pools are light: they share the memory and the threads of their runtime.
 *
 * @returns a pool whose `forward` takes a map `[N, C, H, W]` and regions `[K, 5]` (item, x1, y1, x2, y2, in pixels of the image), and gives
 * `[K, bins * C]`
 * @example
 * ```js
 * import { createRoiPyramidPool } from 'pyramid-pool';
 *
 * const pool = await createRoiPyramidPool({ levels: [6, 3, 2, 1], rule: 'roi-pool', spatialScale: 1 / 16 });
 * const map = { data: new Float32Array(256 * 38 * 50), dims: [1, 256, 38, 50] };
 * const rois = { data: Float32Array.of(0, 16, 32, 400, 300, 0, 0, 0, 799, 607), dims: [2, 5] };
 * console.log(pool.forward(map, rois).dims); // [ 2, 12800 ]
 * ```
 * @throws `PyramidPoolError` with the code `invalid-options` for options that are none, `disposed` for a disposed runtime
 */
export async function createRoiPyramidPool(options: RoiPyramidPoolOptions): Promise<RoiPyramidPool> {
  const { runtime: chosen, ...resolved } = resolveRoiOptions(options);
  const runtime = chosen ?? (await defaultRuntime());
  return new RoiPyramidPool(Object.freeze(resolved), runtime);
}
