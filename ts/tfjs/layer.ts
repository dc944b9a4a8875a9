import { serialization, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { InputSpec, layers } from '@tensorflow/tfjs-layers';
import { checkOptions } from '../arguments/checks.js';
import { countBins } from '../arguments/levels.js';
import { type ResolvedOptions, resolveOptions } from '../pools/options.js';
import type { Runtime } from '../runtime/runtime.js';
import { type SpatialPyramidPoolOptions, spatialPyramidPool } from './op.js';
import { optionNames } from './option-names.js';

/** What a layer is made with: the options of the operation, and those that all layers have, such as `name`. */
export type SpatialPyramidPoolingArgs = SpatialPyramidPoolOptions &
  ConstructorParameters<typeof layers.Layer>[0];

/** Names of what all layers take, and of those of the operation. */
const argNames = [
  ...optionNames,
  'inputShape',
  'batchInputShape',
  'batchSize',
  'dtype',
  'name',
  'trainable',
  'weights',
  'inputDType',
] as const satisfies readonly (keyof SpatialPyramidPoolingArgs)[];

const isArgName = (name: string) => (argNames as readonly string[]).includes(name);

type Shape = (number | null)[];

/**
 * Spatial pyramid pooling as a layer of TensorFlow.js: `[N, H, W, C]` becomes `[N, bins * C]`, whatever the height and
 * the width, which may be `null` in the model's input shape.
 *
 * It has no weights. Saved models keep its levels, reduction, bins and order of the output; loading one takes an import of this module, which
 * makes the layer known. A runtime is not saved.
 *
 * @example
 * ```js
 * import '@tensorflow/tfjs-backend-cpu';
 * import * as tf from '@tensorflow/tfjs-core';
 * import * as tfl from '@tensorflow/tfjs-layers';
 * import { SpatialPyramidPooling } from 'pyramid-pool/tfjs';
 *
 * const model = tfl.sequential({
 *   layers: [
 *     tfl.layers.conv2d({ filters: 16, kernelSize: 3, inputShape: [null, null, 3] }),
 *     new SpatialPyramidPooling({ levels: [4, 2, 1] }),
 *     tfl.layers.dense({ units: 10 }),
 *   ],
 * });
 * console.log(model.predict(tf.zeros([1, 33, 47, 3])).shape); // [ 1, 10 ]
 * ```
 */
export class SpatialPyramidPooling extends layers.Layer {
  /** @nocollapse */
  static className = 'SpatialPyramidPooling';
  // Not `#private`: models may be wrapped in proxies, which reach no private fields.
  private readonly poolOptions: ResolvedOptions;
  private readonly poolRuntime: Runtime | undefined;

  constructor(args: SpatialPyramidPoolingArgs) {
    super(checkOptions(args, 'options', argNames));
    const { levels, reduction, bins, outputOrder, runtime } = args ?? {};
    const resolved = resolveOptions({ levels, reduction, bins, outputOrder, runtime, layout: 'NHWC' });
    this.poolOptions = resolved;
    this.poolRuntime = resolved.runtime;
    this.inputSpec = [new InputSpec({ ndim: 4 })];
  }

  /**
   * Makes the layer of a saved model, for whose config tfjs has names of its own.
   *
   * @nocollapse
   */
  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    return new cls(Object.fromEntries(Object.entries(config).filter(([name]) => isArgName(name))));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch = null, , , channels = null] = (
      Array.isArray(inputShape[0]) ? inputShape[0] : inputShape
    ) as Shape;
    return [batch, channels === null ? null : channels * countBins(this.poolOptions.levels)];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const x = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs;
    const { levels, reduction, bins, outputOrder } = this.poolOptions;
    return tidy(() =>
      spatialPyramidPool(x, {
        levels,
        reduction,
        bins,
        outputOrder,
        ...(this.poolRuntime && { runtime: this.poolRuntime }),
      }),
    );
  }

  override getConfig(): serialization.ConfigDict {
    const { levels, reduction, bins, outputOrder } = this.poolOptions;
    return { ...super.getConfig(), levels: levels.map((grid) => [...grid]), reduction, bins, outputOrder };
  }
}

serialization.registerClass(SpatialPyramidPooling);
