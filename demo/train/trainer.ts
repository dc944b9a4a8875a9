import * as tf from '@tensorflow/tfjs-core';
import { Adam } from './adam.js';
import { type Batch, groupBySize, makeBatch, sizeName } from './batches.js';
import type { Digit } from './digits.js';
import { crossEntropy, type Verdict } from './loss.js';
import type { Network } from './network.js';
import type { Random } from './random.js';
import { type SppPool, sppForTraining } from './spp-op.js';

export interface TrainerOptions {
  readonly network: Network;
  readonly pool: SppPool;
  readonly digits: readonly Digit[];
  /** Every batch is drawn at one of these, by chance. */
  readonly scales: readonly number[];
  readonly epochs: number;
  readonly random: Random;
}

export interface TrainingProgress {
  /** The number of the epoch, from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Images seen so far. `totalImages` is their number over all epochs. */
  readonly images: number;
  readonly totalImages: number;
  /** Mean over about the last thousand images. */
  readonly loss: number;
  /** Share of the same images that the network recognised before it was trained on them. */
  readonly accuracy: number;
  /** Time spent on training steps alone. */
  readonly seconds: number;
}

/** A batch that was trained on, with the network's guess for each image before the step. */
export interface TrainedBatch extends Batch {
  readonly guesses: readonly number[];
}

const BATCH = 8;
const BATCHES_PER_STEP = 4;
const LEARNING_RATE = 0.005;
const LAST_SHARE_OF_RATE = 0.02;

/** Trains the network in place, one step of the optimiser at a time, as often as the caller asks. */
export class Trainer {
  /** The rate that training starts with; it falls along half a cosine from there. */
  learningRate = LEARNING_RATE;
  /** Names of all sizes the network has seen. */
  readonly sizes = new Set<string>();
  readonly #options: TrainerOptions;
  readonly #adam: Adam;
  readonly #recent = new Recent();
  readonly #totalImages: number;
  #waiting: Digit[][] = [];
  #epoch = 0;
  #images = 0;
  #milliseconds = 0;

  constructor(options: TrainerOptions) {
    this.#options = options;
    this.#adam = new Adam(options.network.weights);
    this.#totalImages = options.digits.length * options.epochs;
  }

  get done(): boolean {
    return this.#images === this.#totalImages;
  }

  get progress(): TrainingProgress {
    return {
      epoch: this.#epoch,
      epochs: this.#options.epochs,
      images: this.#images,
      totalImages: this.#totalImages,
      ...this.#recent.means(),
      seconds: this.#milliseconds / 1000,
    };
  }

  /** Learns from a few batches, each of a size of its own, and moves the weights once. */
  step(): TrainedBatch[] {
    const started = performance.now();
    if (this.#waiting.length === 0 && !this.done) this.#startEpoch();
    const learnt = this.#waiting.splice(0, BATCHES_PER_STEP).map((group) => this.#learn(group));
    this.#adam.step(this.learningRate * learningRateFactor(this.#images / this.#totalImages));
    this.#milliseconds += performance.now() - started;
    return learnt;
  }

  #startEpoch(): void {
    this.#epoch++;
    this.#waiting = groupBySize(this.#options.digits, BATCH, 1, this.#options.random);
  }

  #learn(group: readonly Digit[]): TrainedBatch {
    const { network, pool, scales, random } = this.#options;
    const batch = makeBatch(group, scales[Math.floor(random() * scales.length)]);
    const verdict = learn(network, pool, batch, this.#adam);
    this.sizes.add(sizeName(batch.dims[1], batch.dims[2]));
    this.#recent.add(verdict, group.length);
    this.#images += group.length;
    return { ...batch, guesses: verdict.guesses };
  }
}

function learn(network: Network, pool: SppPool, batch: Batch, adam: Adam): Verdict {
  const verdict: Verdict = { loss: 0, correct: 0, guesses: [] };
  tf.tidy(() => {
    const images = tf.tensor4d(batch.images, batch.dims);
    const { grads } = tf.variableGrads(() => {
      const vectors = sppForTraining(pool, network.features(images));
      return crossEntropy(network.scores(vectors), batch.labels, verdict);
    }, network.weights);
    adam.add(grads, batch.labels.length);
  });
  return verdict;
}

/** The factor of the learning rate after this share of the training: half a cosine, from 1 down to a fiftieth. */
export function learningRateFactor(done: number): number {
  const share = (1 + Math.cos(Math.PI * done)) / 2;
  return LAST_SHARE_OF_RATE + (1 - LAST_SHARE_OF_RATE) * share;
}

/** Exponential moving averages. */
class Recent {
  #images = 0;
  #loss = 0;
  #correct = 0;

  add({ loss, correct }: Verdict, images: number): void {
    const fade = 0.999 ** images;
    this.#images = this.#images * fade + images;
    this.#loss = this.#loss * fade + loss;
    this.#correct = this.#correct * fade + correct;
  }

  means() {
    return { loss: this.#loss / this.#images, accuracy: this.#correct / this.#images };
  }
}
