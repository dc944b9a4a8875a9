import * as tf from '@tensorflow/tfjs-core';
import { CLASSES, type Network } from './network.js';

export type ImageSize = readonly [height: number, width: number];

export interface Refusal {
  readonly first: ImageSize;
  readonly second: ImageSize;
  /** Values that the fully connected layer was built for, and that the second image gave. */
  readonly built: number;
  readonly got: number;
  /** The message of tfjs. */
  readonly message: string;
}

/** The usual flatten in place of the pyramid: a fully connected layer built for images of one size. */
export class FixedHead {
  readonly size: ImageSize;
  /** Values that the layer was built for. */
  readonly built: number;
  readonly #network: Network;

  constructor(network: Network, size: ImageSize) {
    this.#network = network;
    this.size = size;
    this.built = tf.tidy(() => this.#flatten(size).shape[1]);
  }

  /** Applies the layer to an image of this size. Gives the refusal, or nothing where the layer accepts the size. */
  refusal(second: ImageSize): Refusal | undefined {
    tf.engine().startScope();
    const other = this.#flatten(second);
    try {
      tf.matMul(other, tf.zeros([this.built, CLASSES]));
      return undefined;
    } catch (error) {
      const { message } = error as Error;
      return { first: this.size, second, built: this.built, got: other.shape[1], message };
    } finally {
      tf.engine().endScope();
    }
  }

  #flatten([height, width]: ImageSize): tf.Tensor2D {
    return tf.reshape(this.#network.features(tf.zeros([1, height, width, 1])), [1, -1]);
  }
}

/** The error of tfjs for an image of a second size, after the layer was built for the first one. */
export function tryWithoutSpp(network: Network, first: ImageSize, second: ImageSize): Refusal {
  const refusal = new FixedHead(network, first).refusal(second);
  if (refusal) return refusal;
  throw new Error(
    `A layer built for ${first.join(' x ')} took ${second.join(' x ')}: this was to show that it cannot.`,
  );
}
