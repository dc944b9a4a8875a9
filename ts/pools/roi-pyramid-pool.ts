import { checkOptions, checkSameDims, describeValue, fail } from '../arguments/checks.js';
import { checkChannels, type FeatureMapShape, featureMapShape } from '../arguments/feature-map.js';
import { countBins } from '../arguments/levels.js';
import {
  checkContext,
  checkOut,
  checkOutWithIndices,
  checkTensorArgument,
  mapTypes,
  realTypes,
  type TensorArgument,
} from '../arguments/tensor-argument.js';
import { PyramidPoolError } from '../core/errors.js';
import type { Gradient, NoOut, OutOption, OutOr, Pooled } from '../core/result-types.js';
import { countElements, dataTypes, type MapType, type TensorLike, WORD_BYTES } from '../core/tensor.js';
import { Unproxied, unproxied } from '../core/unproxied.js';
import { CallMemory } from '../memory/call-memory.js';
import { operations } from '../memory/job.js';
import type { WasmMemory } from '../memory/wasm-memory.js';
import { checkMapSize, type LevelBounds } from '../plans/bins.js';
import { defaultRuntime, type Internals, type Runtime } from '../runtime/runtime.js';
import { type Call, Caller } from './call.js';
import { checkPlaneIndices } from './indices.js';
import type { OutputWithIndices } from './pyramid-pool.js';
import { type ResolvedRoiOptions, type RoiPyramidPoolOptions, resolveRoiOptions } from './roi-options.js';
import { checkCorners, checkRois, planRegions, readRegionBounds } from './roi-plan.js';

/** What the gradient of a call over regions depends on beside the gradient of its output. */
export interface RoiBackwardContext {
  /** `dims` of the feature map. */
  dims: readonly number[];
  /** The regions of the call. */
  rois: TensorLike;
  /** The indices of `forwardWithIndices`. Averages have none. */
  indices?: TensorLike;
}

/** A map and its regions, checked, and the sizes of the call. */
interface Shapes {
  readonly map: FeatureMapShape;
  readonly rois: TensorArgument<'float32'>;
  readonly count: number;
  readonly outputDims: readonly number[];
}

/** Where the tensors of a call lie. */
interface Addresses {
  readonly map: number;
  readonly output: number;
  readonly indices: number;
}

/**
 * The pyramid over regions of a feature map, as detection does: every region becomes a row of fixed length.
 *
 * Feature maps are as for `PyramidPool`. Regions are a `float32` tensor `[K, 5]` of item, x1, y1, x2, y2: 0-based pixel
 * positions in the image. The output is `[K, C * bins]`, laid out as that of `PyramidPool`. An index is -1, and its gradient
 * goes nowhere, where `'roi-pool'` selects no cell: outside the map, or where all are NaN or `-Infinity`.
 */
export class RoiPyramidPool extends Unproxied implements Disposable {
  /** What the pool was made with. */
  readonly options: ResolvedRoiOptions;
  /** Where it runs. */
  readonly runtime: Runtime;
  readonly #caller: Caller;
  readonly #bins: number;

  /** Made by `createRoiPyramidPool`. */
  constructor(options: ResolvedRoiOptions, runtime: Runtime) {
    super();
    this.options = options;
    this.runtime = runtime;
    this.#caller = new Caller(runtime);
    this.#bins = countBins(options.levels);
  }

  /** Pools the regions of a feature map. Blocks; on a page it runs on the page's thread alone. */
  forward<T extends TensorLike, O extends OutOption = NoOut>(
    featureMap: T,
    rois: TensorLike,
    options?: O,
  ): OutOr<O, Pooled<T>> {
    const pool = unproxied(this);
    return pool.#caller.run(pool.#forward<OutOr<O, Pooled<T>>>(featureMap, rois, options));
  }

  /** Pools as `forward`, and says where every value came from. Averages have no indices. */
  forwardWithIndices<
    T extends TensorLike,
    O extends OutOption<OutputWithIndices<TensorLike, TensorLike>> = NoOut,
  >(featureMap: T, rois: TensorLike, options?: O): OutOr<O, OutputWithIndices<Pooled<T>>> {
    const pool = unproxied(this);
    return pool.#caller.run(
      pool.#forwardWithIndices<OutOr<O, OutputWithIndices<Pooled<T>>>>(featureMap, rois, options),
    );
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
    return pool.#caller.run(pool.#backward<OutOr<O, Gradient<G>>>(gradOutput, context, options));
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
    return pool.#caller.runAsync(pool.#forward<OutOr<O, Pooled<T>>>(featureMap, rois, options));
  }

  /** As `forwardWithIndices`, without blocking where the runtime has threads. */
  async forwardWithIndicesAsync<
    T extends TensorLike,
    O extends OutOption<OutputWithIndices<TensorLike, TensorLike>> = NoOut,
  >(featureMap: T, rois: TensorLike, options?: O): Promise<OutOr<O, OutputWithIndices<Pooled<T>>>> {
    const pool = unproxied(this);
    return pool.#caller.runAsync(
      pool.#forwardWithIndices<OutOr<O, OutputWithIndices<Pooled<T>>>>(featureMap, rois, options),
    );
  }

  /** As `backward`, without blocking where the runtime has threads. */
  async backwardAsync<G extends TensorLike, O extends OutOption = NoOut>(
    gradOutput: G,
    context: RoiBackwardContext,
    options?: O,
  ): Promise<OutOr<O, Gradient<G>>> {
    const pool = unproxied(this);
    return pool.#caller.runAsync(pool.#backward<OutOr<O, Gradient<G>>>(gradOutput, context, options));
  }

  /**
   * How long the vector of a region is for a map with so many channels, whatever its size: what the layer after it needs to know.
   *
   * @throws `PyramidPoolError` with the code `invalid-dims` where `channels` is not a whole number from 1 up.
   *
   * @example
   * const pool = await createRoiPyramidPool({ levels: [4, 2, 1] });
   * pool.vectorLength(256); // 21 * 256 = 5376
   */
  vectorLength(channels: number): number {
    checkChannels(channels);
    return channels * unproxied(this).#bins;
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
    const { memory } = unproxied(this).#caller.internals;
    const data = Float32Array.of(0, ...checkCorners(roi));
    const given = checkRois({ data, dims: [data.length / 5, 5] }, 1);
    const callMemory = new CallMemory(memory);
    try {
      const rois = { address: callMemory.read(given), count: 1 };
      const plan = planRegions(memory, this.options, { batch: 1, height, width }, rois, callMemory);
      return readRegionBounds(memory, plan, this.options.levels);
    } finally {
      callMemory.free();
    }
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
    return 'RoiPyramidPool';
  }

  /** Whether bins have averages, and not maxima. */
  get #averages(): boolean {
    return this.options.reduction === 'average';
  }

  #forward<R>(featureMap: unknown, rois: unknown, options: OutOption | undefined): Call<R> {
    const map = checkTensorArgument<MapType>(featureMap, this.#averages ? realTypes : mapTypes, 'featureMap');
    const { type, dims } = map.tensor;
    const shapes = this.#shapes(dims, 'featureMap.dims', rois);
    const { out } = checkOptions(options, 'options', ['out']);
    const target = checkOut(out, type, shapes.outputDims, 'options.out');
    return this.#call(
      this.#operation('regions', 'regionsAverage'),
      type,
      shapes,
      [map, target],
      (callMemory) => {
        const input = callMemory.read(map);
        const output = callMemory.write(type, shapes.outputDims, target);
        return { map: input, output: output.address, indices: 0, finish: output.toTensor as () => R };
      },
    );
  }

  #forwardWithIndices<R>(
    featureMap: unknown,
    rois: unknown,
    options: OutOption<OutputWithIndices<TensorLike, TensorLike>> | undefined,
  ): Call<R> {
    if (this.#averages) {
      throw new PyramidPoolError(
        'invalid-options',
        'averages have no indices: use forward, and backward without indices',
      );
    }
    const map = checkTensorArgument(featureMap, mapTypes, 'featureMap');
    const { type, dims } = map.tensor;
    const shapes = this.#shapes(dims, 'featureMap.dims', rois);
    const targets = checkOutWithIndices(options, type, shapes.outputDims);
    return this.#call(
      'regionsWithIndices',
      type,
      shapes,
      [map, targets.output, targets.indices],
      (callMemory) => {
        const input = callMemory.read(map);
        const output = callMemory.write(type, shapes.outputDims, targets.output);
        const indices = callMemory.write('int32', shapes.outputDims, targets.indices);
        const finish = () => ({ output: output.toTensor(), indices: indices.toTensor() }) as R;
        return { map: input, output: output.address, indices: indices.address, finish };
      },
    );
  }

  #backward<R>(gradOutput: unknown, context: RoiBackwardContext, options: OutOption | undefined): Call<R> {
    const gradient = checkTensorArgument(gradOutput, realTypes, 'gradOutput');
    const { type } = gradient.tensor;
    const averages = this.#averages;
    const parts = averages ? 'dims and rois' : 'dims, rois and indices';
    const { dims, rois, indices } = checkContext(context, parts);
    const shapes = this.#shapes(dims, 'dims', rois);
    const { map, outputDims } = shapes;
    checkSameDims(gradient.tensor.dims, outputDims, 'gradOutput.dims');
    if (averages && indices !== undefined) {
      fail(
        'invalid-options',
        'indices',
        `is ${describeValue(indices)}`,
        'left out: averages have no indices',
      );
    }
    const places = averages ? undefined : checkTensorArgument(indices, ['int32'], 'indices');
    if (places) checkSameDims(places.tensor.dims, outputDims, 'indices.dims');
    const target = checkOut(checkOptions(options, 'options', ['out']).out, type, map.dims, 'options.out');
    const operation = this.#operation('regionsBackward', 'regionsAverageBackward');
    return this.#call(operation, type, shapes, [gradient, places, target], (callMemory, memory) => {
      const output = callMemory.read(gradient);
      const at = places ? callMemory.read(places) : 0;
      const result = callMemory.write(type, map.dims, target);
      const range = [0, countElements(outputDims)] as const;
      if (places) checkPlaneIndices(memory, at, range, [map.height, map.width], true);
      return { map: result.address, output, indices: at, finish: result.toTensor as () => R };
    });
  }

  /** The one of two operations that averages by the rule of the pool. RoIAlign always does, by the first. */
  #operation<T>(first: T, average: T): T {
    return this.#averages && this.options.rule !== 'roi-align' ? average : first;
  }

  #shapes(dims: unknown, path: string, rois: unknown): Shapes {
    const map = featureMapShape(dims, this.options.layout, path);
    const given = checkRois(rois, map.batch);
    const count = given.tensor.dims[0] as number;
    return { map, rois: given, count, outputDims: [count, map.channels * this.#bins] };
  }

  #call<R>(
    operation: keyof typeof operations,
    type: MapType,
    { map, rois, count, outputDims }: Shapes,
    tensors: readonly (TensorArgument | undefined)[],
    place: (callMemory: CallMemory, memory: WasmMemory) => Addresses & { finish(): R },
  ): Call<R> {
    const prepare = ({ memory }: Internals, callMemory: CallMemory) => {
      const regions = { address: callMemory.read(rois), count };
      const plan = planRegions(memory, this.options, map, regions, callMemory);
      const { map: input, output, indices, finish } = place(callMemory, memory);
      const { element } = dataTypes[type];
      const { batch, channels } = map;
      const job = {
        plan,
        batch,
        channels,
        operation: operations[operation],
        input,
        output,
        indices,
        element,
      };
      const words = memory.kernels.regions_scratch(plan, job.operation, element) >>> 0;
      const elements = countElements(map.dims) + countElements(outputDims);
      return { jobList: { jobs: [job], elements, scratchBytes: words * WORD_BYTES }, finish };
    };
    return { tensors: [rois, ...tensors], prepare };
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
  const { runtime: given, ...resolved } = resolveRoiOptions(options);
  const runtime = given ?? (await defaultRuntime());
  return new RoiPyramidPool(Object.freeze(resolved), runtime);
}
