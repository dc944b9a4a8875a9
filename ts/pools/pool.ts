import { checkMapSize } from '../arguments/feature-map.js';
import { countBins, type Grid } from '../arguments/levels.js';
import { PyramidPoolError } from '../core/errors.js';
import type { PlainTensor } from '../core/result-types.js';
import type { MapType, Tensor } from '../core/tensor.js';
import { Unproxied, unproxied } from '../core/unproxied.js';
import { type Internals, Runtime } from '../runtime/runtime.js';

/** A pooled feature map, and where in its plane each value came from: `row * width + column`. */
export interface OutputWithIndices<Output = Tensor<MapType>, Indices = PlainTensor<'int32'>> {
  readonly output: Output;
  readonly indices: Indices;
}

interface PoolOptions {
  readonly levels: readonly Grid[];
}

/** What both kinds of pool have. */
export abstract class Pool<Options extends PoolOptions = PoolOptions>
  extends Unproxied
  implements Disposable
{
  #disposed = false;

  constructor(
    /** What the pool was made with. */
    readonly options: Options,
    /** Where it runs. */
    readonly runtime: Runtime,
  ) {
    super();
  }

  /**
   * How long the vector of a map, or of a region, with so many channels is, whatever its size: what the layer after it needs to know.
   *
   * @throws `PyramidPoolError` with the code `invalid-dims` where `channels` is not a whole number from 1 up.
   *
   * @example
   * const pool = await createPyramidPool({ levels: [4, 2, 1] });
   * pool.vectorLength(256); // 21 * 256 = 5376
   */
  vectorLength(channels: number): number {
    checkMapSize(channels, 'channels');
    return channels * countBins(this.options.levels);
  }

  /** Makes the pool unusable. Its runtime goes on, and belongs to whoever made it. */
  dispose(): void {
    unproxied(this).#disposed = true;
  }

  /** The same as `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal What calls are made with. */
  static internals(pool: Pool): Internals {
    if (pool.#disposed) throw new PyramidPoolError('disposed', 'this pool was disposed');
    return Runtime.internals(pool.runtime);
  }
}
