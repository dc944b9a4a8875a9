/**
 * Spatial pyramid pooling as an operation of TensorFlow.js, with its gradient.
 *
 * @packageDocumentation
 */
import {
  backend,
  customGrad,
  engine,
  op,
  Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor,
} from '@tensorflow/tfjs-core';
import { checkOptions, describeValue, fail } from '../arguments/checks.js';
import { featureMapShape } from '../arguments/feature-map.js';
import { PyramidPoolError } from '../core/errors.js';
import { type PyramidPoolOptions, resolveOptions } from '../pools/options.js';
import { PyramidPool } from '../pools/pyramid-pool.js';
import { optionNames } from './option-names.js';
import { runtimeNow } from './runtime.js';

/** Options of `createPyramidPool`, but for the layout and the axes, which are those of tfjs. */
export type SpatialPyramidPoolOptions = Omit<PyramidPoolOptions, 'layout' | 'spatialDims'>;

/** What `spatialPyramidPool` is. */
export interface SpatialPyramidPool {
  (x: Tensor4D, options: SpatialPyramidPoolOptions): Tensor2D;
  (x: Tensor3D, options: SpatialPyramidPoolOptions): Tensor1D;
  (x: Tensor, options: SpatialPyramidPoolOptions): Tensor1D | Tensor2D;
}

/**
 * Pools a feature map `[N, H, W, C]` of any height and width to `[N, bins * C]`, or `[H, W, C]` to `[bins * C]`: for each
 * level `[rows, columns, C]` flattened, or `[C, bins]` of all levels with `outputOrder: 'channels'`. Its type is `float32`.
 *
 * Without `options.runtime` it runs on one that it makes on first use, with one thread.
 *
 * It has a gradient of first order.
 *
 * @example
 * ```js
 * import '@tensorflow/tfjs-backend-cpu';
 * import * as tf from '@tensorflow/tfjs-core';
 * import { spatialPyramidPool } from 'pyramid-pool/tfjs';
 *
 * const pool = (x) => spatialPyramidPool(x, { levels: [4, 2, 1] });
 * const map = tf.ones([1, 13, 17, 256]);
 * console.log(pool(map).shape, tf.grad((x) => tf.sum(pool(x)))(map).shape); // [ 1, 5376 ] [ 1, 13, 17, 256 ]
 * ```
 * @throws `PyramidPoolError` for options that are none, and for tensors of another rank or type
 */
export const spatialPyramidPool: SpatialPyramidPool = /* @__PURE__ */ op({
  spatialPyramidPool_: spatialPyramidPool_ as SpatialPyramidPool,
});

function spatialPyramidPool_(x: Tensor, options: SpatialPyramidPoolOptions): Tensor {
  return pool(makePool(options), x);
}

/** The pool that options of the operation, or of the layer, ask for. */
function makePool(options: SpatialPyramidPoolOptions): PyramidPool {
  const { runtime, ...resolved } = resolveOptions({
    ...checkOptions(options, 'options', optionNames),
    layout: 'NHWC',
  });
  return new PyramidPool(Object.freeze(resolved), runtime ?? runtimeNow());
}

function pool(spp: PyramidPool, x: Tensor): Tensor {
  if (!(x instanceof Tensor)) failTensor(x);
  if (x.dtype !== 'float32')
    fail('invalid-data', 'x', `is of type ${x.dtype}`, "of type float32: use tf.cast(x, 'float32')");
  featureMapShape(x.shape, 'NHWC', 'x.shape');
  // Indices take time, and only a gradient needs them.
  if (!engine().isTapeOn()) return write(spp.forward(read(x)));
  return customGrad((...inputs) => poolForGradient(spp, inputs[0] as Tensor))(x);
}

/** The indices stay here until the tape lets go of them: for tfjs they would be one more tensor to keep. */
function poolForGradient(spp: PyramidPool, x: Tensor) {
  const dims = x.shape;
  if (spp.options.reduction === 'average') {
    const gradFunc = (dy: Tensor) => once([dy, x], () => write(spp.backward(read(dy), { dims })));
    return { value: write(spp.forward(read(x))), gradFunc };
  }
  const { output, indices } = spp.forwardWithIndices(read(x));
  const gradFunc = (dy: Tensor) => once([dy, x], () => write(spp.backward(read(dy), { dims, indices })));
  return { value: write(output), gradFunc };
}

/** A gradient, which has none itself: without it tfjs would say that the function does not depend on its inputs. */
function once(inputs: Tensor[], gradient: () => Tensor): Tensor {
  if (!engine().isTapeOn()) return gradient();
  const gradFunc = () => {
    throw new PyramidPoolError(
      'unsupported',
      'spatialPyramidPool has a gradient of first order only, but a gradient of that gradient was asked for',
    );
  };
  return customGrad(() => ({ value: gradient(), gradFunc }))(...inputs);
}

function failTensor(x: unknown): never {
  const { dataSync, dims, then } = (x ?? {}) as Partial<Record<string, unknown>>;
  const what =
    typeof then === 'function'
      ? ['a promise', '; await it first']
      : typeof dataSync === 'function'
        ? ['a tensor of another copy of @tensorflow/tfjs-core', '; install one copy']
        : [
            describeValue(x),
            dims === undefined ? '' : "; for data and dims use createPyramidPool of 'pyramid-pool'",
          ];
  fail('invalid-data', 'x', `is ${what[0]}`, `a tensor of tfjs${what[1]}`);
}

/** What the WASM backend of tfjs can do beside what all backends can. */
interface HeapBackend {
  typedArrayFromHeap(x: Tensor): Float32Array;
}

/** A tensor's elements: where they lie if the backend has them in its memory, since most of the time goes into copies. */
function read(x: Tensor) {
  const heap = backend() as Partial<HeapBackend>;
  return { data: heap.typedArrayFromHeap?.(x) ?? x.dataSync<'float32'>(), dims: x.shape };
}

function write({ data, dims }: { data: Float32Array; dims: readonly number[] }): Tensor {
  return tensor(data, [...dims], 'float32');
}
