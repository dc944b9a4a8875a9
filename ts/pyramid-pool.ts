import { type Bins, binRules, checkMapSize, type LevelBounds, readBinBounds } from './bins.js';
import { Buffers } from './buffers.js';
import {
  type CheckedTensor,
  checkOneOf,
  checkOptions,
  checkSameDims,
  checkTensor,
  fail,
  show,
} from './check.js';
import type { Work } from './dispatch.js';
import { PyramidPoolError } from './errors.js';
import { type FeatureMapShape, featureMapShape, type Layout, layouts } from './feature-map.js';
import { type Job, operations } from './job.js';
import { checkLevels, countBins, type Grid, type Level } from './levels.js';
import type { WasmMemory } from './memory.js';
import { PlanOptions } from './plans.js';
import { defaultRuntime, type Internals, Runtime } from './runtime.js';
import type { DataType, Tensor, TensorLike } from './tensor.js';

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

/** A call that was checked and has its memory: run its work, take what it finished, and free it in any case. */
interface Call<R> {
  readonly work: Work;
  finish(): R;
  free(): void;
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

  /** Pools a feature map. Blocks; on a page it runs on the page's thread alone. */
  forward(input: TensorLike, options?: OutOption): Tensor<'float32'> {
    return this.#run(this.#forward(input, options));
  }

  /** Pools a feature map, and says where every value came from. */
  forwardWithIndices(
    input: TensorLike,
    options?: OutOption<{ output: TensorLike; indices: TensorLike }>,
  ): OutputWithIndices {
    return this.#run(this.#forwardWithIndices(input, options));
  }

  /** The gradient with respect to the feature map: each bin's is added to the cell its index names, or shared out evenly. */
  backward(gradOutput: TensorLike, context: BackwardContext, options?: OutOption): Tensor<'float32'> {
    return this.#run(this.#backward(gradOutput, context, options));
  }

  /** As `forward`, without blocking where the runtime has threads. The input is read before this returns. */
  async forwardAsync(input: TensorLike, options?: OutOption): Promise<Tensor<'float32'>> {
    return this.#runAsync(this.#forward(input, options));
  }

  /** As `forwardWithIndices`, without blocking where the runtime has threads. */
  async forwardWithIndicesAsync(
    input: TensorLike,
    options?: OutOption<{ output: TensorLike; indices: TensorLike }>,
  ): Promise<OutputWithIndices> {
    return this.#runAsync(this.#forwardWithIndices(input, options));
  }

  /** As `backward`, without blocking where the runtime has threads. */
  async backwardAsync(
    gradOutput: TensorLike,
    context: BackwardContext,
    options?: OutOption,
  ): Promise<Tensor<'float32'>> {
    return this.#runAsync(this.#backward(gradOutput, context, options));
  }

  /** `dims` of the output for a feature map of these `dims`. */
  outputDims(dims: readonly number[]): number[] {
    return this.#outputDims(this.#shape(dims, 'dims'));
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

  #forward(input: TensorLike, options: OutOption | undefined): Call<Tensor<'float32'>> {
    const map = checkTensor(input, 'input', 'float32');
    const shape = this.#shape(map.dims, 'input.dims');
    const dims = this.#outputDims(shape);
    const { out } = checkOptions(options, 'options', ['out']);
    const target = checkOut(out, 'float32', dims, 'options.out');
    const operation = this.options.reduction === 'max' ? 'forward' : 'average';
    return this.#call(operation, shape, (buffers) => {
      const from = buffers.read('float32', map, input);
      const output = buffers.write('float32', dims, target, out, 'options.out');
      return [{ input: from, output: output.address, indices: 0 }, output.take];
    });
  }

  #forwardWithIndices(
    input: TensorLike,
    options: OutOption<{ output: TensorLike; indices: TensorLike }> | undefined,
  ): Call<OutputWithIndices> {
    if (this.options.reduction !== 'max') {
      throw new PyramidPoolError(
        'invalid-options',
        'averages have no indices: use forward, and backward without indices',
      );
    }
    const map = checkTensor(input, 'input', 'float32');
    const shape = this.#shape(map.dims, 'input.dims');
    const dims = this.#outputDims(shape);
    const out = checkOptions(checkOptions(options, 'options', ['out']).out, 'options.out', [
      'output',
      'indices',
    ]);
    const target = checkOut(out.output, 'float32', dims, 'options.out.output');
    const places = checkOut(out.indices, 'int32', dims, 'options.out.indices');
    return this.#call('forwardWithIndices', shape, (buffers) => {
      const from = buffers.read('float32', map, input);
      const output = buffers.write('float32', dims, target, out.output, 'options.out.output');
      const indices = buffers.write('int32', dims, places, out.indices, 'options.out.indices');
      const job = { input: from, output: output.address, indices: indices.address };
      return [job, () => ({ output: output.take(), indices: indices.take() })];
    });
  }

  #backward(
    gradOutput: TensorLike,
    context: BackwardContext,
    options: OutOption | undefined,
  ): Call<Tensor<'float32'>> {
    const gradient = checkTensor(gradOutput, 'gradOutput', 'float32');
    if (typeof context !== 'object' || context === null) {
      fail(
        'invalid-options',
        'the second argument',
        `is ${show(context)}`,
        'an object with dims and indices',
      );
    }
    const { dims, indices } = context;
    const shape = this.#shape(dims, 'dims');
    const outputDims = this.#outputDims(shape);
    checkSameDims(gradient.dims, outputDims, 'gradOutput.dims');
    const { out } = checkOptions(options, 'options', ['out']);
    const mapDims = [...dims];
    const target = checkOut(out, 'float32', mapDims, 'options.out');
    if (this.options.reduction === 'average') {
      return this.#call('averageBackward', shape, (buffers) => {
        const from = buffers.read('float32', gradient, gradOutput);
        const gradInput = buffers.write('float32', mapDims, target, out, 'options.out');
        return [{ input: gradInput.address, output: from, indices: 0 }, gradInput.take];
      });
    }
    const places = checkTensor(indices, 'indices', 'int32');
    checkSameDims(places.dims, outputDims, 'indices.dims');
    return this.#call('backward', shape, (buffers, { memory }) => {
      const from = buffers.read('float32', gradient, gradOutput);
      const at = buffers.read('int32', places, indices);
      const gradInput = buffers.write('float32', mapDims, target, out, 'options.out');
      checkIndices(memory, at, places.data.length, shape);
      return [{ input: gradInput.address, output: from, indices: at }, gradInput.take];
    });
  }

  /** Gets a call its plan and its memory; `place` says where in it the tensors lie. */
  #call<R>(
    operation: keyof typeof operations,
    { batch, channels, height, width }: FeatureMapShape,
    place: (buffers: Buffers, internals: Internals) => [Pick<Job, 'input' | 'output' | 'indices'>, () => R],
  ): Call<R> {
    const internals = this.#internals();
    const plan = internals.plans.acquire(this.#planOptions, height, width);
    const buffers = new Buffers(internals.memory);
    const free = () => {
      buffers.free();
      internals.plans.release(plan);
    };
    try {
      const [{ input, output, indices }, finish] = place(buffers, internals);
      const job = {
        plan: plan.address,
        batch,
        channels,
        operation: operations[operation],
        input,
        output,
        indices,
      };
      return { work: { plan, job, elements: batch * channels * height * width }, finish, free };
    } catch (error) {
      free();
      throw error;
    }
  }

  #run<R>(call: Call<R>): R {
    try {
      this.#internals().dispatcher.run(call.work);
      return call.finish();
    } finally {
      call.free();
    }
  }

  async #runAsync<R>(call: Call<R>): Promise<R> {
    try {
      await this.#internals().dispatcher.runAsync(call.work);
      return call.finish();
    } finally {
      call.free();
    }
  }

  #internals(): Internals {
    if (this.#disposed) throw new PyramidPoolError('disposed', 'this pool was disposed');
    return Runtime.internals(this.runtime);
  }

  #shape(dims: unknown, path: string): FeatureMapShape {
    return featureMapShape(dims, this.options.layout, path);
  }

  #outputDims({ batch, channels, batched }: FeatureMapShape): number[] {
    const row = channels * this.#bins;
    return batched ? [batch, row] : [row];
  }
}

/** Indices of another shape would write outside their plane. They are checked where they are read, in WASM memory. */
function checkIndices(memory: WasmMemory, address: number, count: number, shape: FeatureMapShape): void {
  const { height, width } = shape;
  const bad = memory.kernels.first_bad_index(address, count, height * width) >>> 0;
  if (bad === count) return;
  const index = memory.view('int32', address, count)[bad];
  throw new PyramidPoolError(
    'invalid-indices',
    `indices.data[${bad}] is ${index}, but a plane of ${height} x ${width} has ${height * width} cells`,
  );
}

function checkOut<T extends DataType>(
  out: unknown,
  type: T,
  dims: readonly number[],
  path: string,
): CheckedTensor<T> | undefined {
  if (out === undefined) return undefined;
  const tensor = checkTensor(out, path, type);
  checkSameDims(tensor.dims, dims, `${path}.dims`);
  return tensor;
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
