import * as tf from '@tensorflow/tfjs-core';
import { CLASSES, type Network } from './network.js';

export type ImageSize = readonly [height: number, width: number];

export interface Refusal {
  readonly first: ImageSize;
  readonly second: ImageSize;
  /** Values that the fully connected layer was built for, and that the second image gave. */
  readonly built: number;
  readonly got: number;
  /** tfjs's own words. */
  readonly message: string;
}

/**
 * The same convolutions with the usual flatten in place of the pyramid: a fully connected layer built for one size
 * takes images of that size, and tfjs refuses the second.
 */
export function tryWithoutSpp(network: Network, first: ImageSize, second: ImageSize): Refusal {
  tf.engine().startScope();
  try {
    return refusal(network, first, second);
  } finally {
    tf.engine().endScope();
  }
}

function refusal(network: Network, first: ImageSize, second: ImageSize): Refusal {
  const flatten = ([height, width]: ImageSize): tf.Tensor2D =>
    tf.reshape(network.features(tf.zeros([1, height, width, 1])), [1, -1]);
  const vector = flatten(first);
  const dense: tf.Tensor2D = tf.zeros([vector.shape[1], CLASSES]);
  tf.matMul(vector, dense);

  const other = flatten(second);
  const sizes = { first, second, built: vector.shape[1], got: other.shape[1] };
  try {
    tf.matMul(other, dense);
  } catch (error) {
    return { ...sizes, message: (error as Error).message };
  }
  throw new Error(
    `A layer built for ${sizes.built} values took ${sizes.got}: this was to show that it cannot.`,
  );
}
