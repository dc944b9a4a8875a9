import * as tf from '@tensorflow/tfjs-core';

const MEAN_DECAY = 0.9;
const SQUARE_DECAY = 0.999;
const EPSILON = 1e-8;

/** A tensor of weights, with Adam's means of its gradients and their squares. */
interface Slot {
  readonly weight: tf.Variable;
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

/**
 * Adam, with gradients added up over several batches before a step: images of different sizes cannot share a batch,
 * but they can share a step. In plain arrays, for a few thousand weights cost less there than tensor operations.
 */
export class Adam {
  readonly #slots: readonly Slot[];
  #images = 0;
  #steps = 0;

  constructor(weights: readonly tf.Variable[]) {
    this.#slots = weights.map((weight) => ({
      weight,
      values: weight.dataSync<'float32'>().slice(),
      gradient: new Float32Array(weight.size),
      mean: new Float32Array(weight.size),
      square: new Float32Array(weight.size),
    }));
  }

  /** Adds gradients that were summed over `images` images. */
  add(gradients: tf.NamedTensorMap, images: number): void {
    this.#images += images;
    for (const { weight, gradient } of this.#slots) {
      const more = gradients[weight.name].dataSync<'float32'>();
      for (let i = 0; i < gradient.length; i++) gradient[i] += more[i];
    }
  }

  /** Moves the weights by the mean of what was added since the last step. */
  step(learningRate: number): void {
    if (this.#images === 0) return;
    this.#steps++;
    for (const slot of this.#slots) {
      this.#move(slot, learningRate);
      tf.tidy(() => slot.weight.assign(tf.tensor(slot.values, slot.weight.shape)));
      slot.gradient.fill(0);
    }
    this.#images = 0;
  }

  #move({ values, gradient, mean, square }: Slot, learningRate: number): void {
    // Bias correction: both means start at 0.
    const meanShare = 1 - MEAN_DECAY ** this.#steps;
    const squareShare = 1 - SQUARE_DECAY ** this.#steps;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i] / this.#images;
      mean[i] = MEAN_DECAY * mean[i] + (1 - MEAN_DECAY) * g;
      square[i] = SQUARE_DECAY * square[i] + (1 - SQUARE_DECAY) * g * g;
      values[i] -= (learningRate * (mean[i] / meanShare)) / (Math.sqrt(square[i] / squareShare) + EPSILON);
    }
  }
}
