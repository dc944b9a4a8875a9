import type * as tf from '@tensorflow/tfjs-core';

/**
 * The values of a tensor, which is disposed. `tf.tidy` would search an array that is returned from it for tensors, value by value,
 * which takes longer than many a layer.
 */
export function takeValues(tensor: tf.Tensor): Float32Array {
  const values = tensor.dataSync<'float32'>();
  tensor.dispose();
  return values;
}
