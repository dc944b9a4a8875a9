import * as tf from '@tensorflow/tfjs-core';
import type { Plane } from '../ink/plane.js';

/** `[1, height, width, 1]` */
export function pictureTensor({ values, height, width }: Plane): tf.Tensor4D {
  return tf.tensor4d(values, [1, height, width, 1]);
}
