import * as tf from '@tensorflow/tfjs-core';

interface Floats {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

interface Cells {
  readonly data: Int32Array;
  readonly dims: readonly number[];
}

/** The methods of a pool with `layout: 'NHWC'` that training uses. The pools of pyramid-pool and of plain JavaScript have them. */
export interface SppPool {
  forward(input: Floats): Floats;
  forwardWithIndices(input: Floats): { output: Floats; indices: Cells };
  backward(gradOutput: Floats, of: { dims: readonly number[]; indices: Cells }): Floats;
}

/**
 * Spatial pyramid pooling as a tfjs operation with a gradient. The indices stay in this call's closure, since tfjs does
 * not need them, and are freed with the tape.
 */
export function sppForTraining(pool: SppPool, features: tf.Tensor4D): tf.Tensor2D {
  const operation = tf.customGrad((x) => {
    const dims = (x as tf.Tensor).shape;
    const { output, indices } = pool.forwardWithIndices(floats(x as tf.Tensor));
    const gradFunc = (gradOutput: tf.Tensor): tf.Tensor => {
      const gradInput = pool.backward(floats(gradOutput), { dims, indices });
      return tf.tensor(gradInput.data, dims);
    };
    return { value: toTensor2D(output), gradFunc };
  });
  return operation(features);
}

/** The same without a gradient: no indices are kept. */
export function sppForInference(pool: SppPool, features: tf.Tensor4D): tf.Tensor2D {
  return toTensor2D(pool.forward(floats(features)));
}

function floats(tensor: tf.Tensor): Floats {
  return { data: tensor.dataSync<'float32'>(), dims: tensor.shape };
}

function toTensor2D({ data, dims }: Floats): tf.Tensor2D {
  return tf.tensor2d(data, [dims[0], dims[1]]);
}
