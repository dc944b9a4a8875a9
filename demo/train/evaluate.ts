import * as tf from '@tensorflow/tfjs-core';
import { type Batch, groupBySize, makeBatch, sizeName } from './batches.js';
import { type Digit, scaledSize } from './digits.js';
import { indexOfMaximum } from './loss.js';
import type { Network } from './network.js';
import { type SppPool, sppForInference } from './spp-op.js';
import { Yielder } from './yielder.js';

export interface EvaluationOptions {
  readonly network: Network;
  readonly pool: SppPool;
  readonly digits: readonly Digit[];
  readonly scale: number;
  /** Images of these sizes are left out. */
  readonly without?: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
}

export interface Evaluation {
  readonly scale: number;
  readonly images: number;
  readonly correct: number;
  readonly leftOut: number;
  readonly sizes: ReadonlySet<string>;
}

const BATCH = 32;

/** Counts how many digits the network recognises at one scale. */
export async function evaluate(options: EvaluationOptions): Promise<Evaluation> {
  const { network, pool, scale, without, signal } = options;
  const digits = options.digits.filter((digit) => !without?.has(nameAt(digit, scale)));
  const yielder = new Yielder();
  let correct = 0;
  for (const group of groupBySize(digits, BATCH, scale)) {
    correct += countCorrect(network, pool, makeBatch(group, scale));
    await yielder.yieldIfDue(signal);
  }
  const sizes = new Set(digits.map((digit) => nameAt(digit, scale)));
  return { scale, images: digits.length, correct, leftOut: options.digits.length - digits.length, sizes };
}

function nameAt(digit: Digit, scale: number): string {
  const { height, width } = scaledSize(digit, scale);
  return sizeName(height, width);
}

function countCorrect(network: Network, pool: SppPool, batch: Batch): number {
  const scores = tf.tidy(() => {
    const features = network.features(tf.tensor4d(batch.images, batch.dims));
    return network.scores(sppForInference(pool, features)).dataSync();
  });
  const classes = scores.length / batch.labels.length;
  return batch.labels.filter(
    (label, i) => indexOfMaximum(scores.subarray(i * classes, (i + 1) * classes)) === label,
  ).length;
}
