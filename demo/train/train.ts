import * as tf from '@tensorflow/tfjs-core';
import { Adam } from './adam.js';
import { type Batch, groupBySize, makeBatch, sizeName } from './batches.js';
import { Breather } from './breather.js';
import type { Digit } from './digits.js';
import { crossEntropy, type Verdict } from './loss.js';
import type { Network } from './network.js';
import type { Random } from './random.js';
import { type SppPool, sppForTraining } from './spp-op.js';

export interface TrainingOptions {
  readonly network: Network;
  readonly pool: SppPool;
  readonly digits: readonly Digit[];
  /** Every batch is drawn at one of these, by chance. */
  readonly scales: readonly number[];
  readonly epochs: number;
  readonly random: Random;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TrainingProgress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Seen so far, and in all. */
  readonly images: number;
  readonly totalImages: number;
  /** Per image, over the last thousand or so. */
  readonly loss: number;
  /** Share of images recognised before they were learnt from, over the same. */
  readonly accuracy: number;
  readonly seconds: number;
}

export interface TrainingResult {
  readonly images: number;
  readonly seconds: number;
  /** Names of all sizes the network has seen. */
  readonly sizes: ReadonlySet<string>;
}

const BATCH = 8;
const BATCHES_PER_STEP = 4;
const LEARNING_RATE = 0.005;
const LAST_SHARE_OF_RATE = 0.02;

/** Trains the network in place. Runs wherever tfjs runs, and gives way to the host again and again. */
export async function train(options: TrainingOptions): Promise<TrainingResult> {
  const { network, pool, digits, scales, epochs, random, onProgress, signal } = options;
  const adam = new Adam(network.weights);
  const breather = new Breather();
  const recent = new Recent();
  const sizes = new Set<string>();
  const totalImages = digits.length * epochs;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  let images = 0;

  for (let epoch = 1; epoch <= epochs; epoch++) {
    const groups = groupBySize(digits, BATCH, 1, random);
    for (const [i, group] of groups.entries()) {
      const batch = makeBatch(group, scales[Math.floor(random() * scales.length)]);
      sizes.add(sizeName(batch.dims[1], batch.dims[2]));
      recent.add(learn(network, pool, batch, adam), group.length);
      images += group.length;
      const isLast = i === groups.length - 1;
      if (isLast || (i + 1) % BATCHES_PER_STEP === 0) adam.step(learningRate(images / totalImages));
      onProgress?.({ epoch, epochs, images, totalImages, ...recent.means(), seconds: seconds() });
      await breather.breathe(signal);
    }
  }
  return { images, seconds: seconds(), sizes };
}

function learn(network: Network, pool: SppPool, batch: Batch, adam: Adam): Verdict {
  const verdict: Verdict = { loss: 0, correct: 0 };
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

/** Falls along half a cosine: large steps first, small ones to settle. */
function learningRate(done: number): number {
  const share = (1 + Math.cos(Math.PI * done)) / 2;
  return LEARNING_RATE * (LAST_SHARE_OF_RATE + (1 - LAST_SHARE_OF_RATE) * share);
}

/** Means in which older images fade out. */
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
