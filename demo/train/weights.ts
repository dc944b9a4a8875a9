import * as tf from '@tensorflow/tfjs-core';
import type { Network } from './network.js';

/** Copies of a network's weights, in the order of its layers. */
export function readWeights(network: Network): Float32Array[] {
  return network.weights.map((weight) => weight.dataSync<'float32'>().slice());
}

/** Puts weights into a network of the same shape; throws, and changes nothing, where they are of another. */
export function writeWeights(network: Network, values: readonly Float32Array[]): void {
  const { weights } = network;
  const fits = values.length === weights.length && weights.every(({ size }, i) => values[i].length === size);
  if (!fits) throw new Error('These are the weights of another network.');
  tf.tidy(() => {
    weights.forEach((weight, i) => {
      weight.assign(tf.tensor(values[i], weight.shape));
    });
  });
}
