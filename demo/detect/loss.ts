import * as tf from '@tensorflow/tfjs-core';
import { OUTPUTS, SCORES } from './network.js';
import { OFFSETS } from './offsets.js';

/** What the outputs should have been. */
export interface Answers {
  readonly labels: readonly number[];
  /** Nothing for windows whose box is not to be learnt from. */
  readonly offsets: readonly (readonly number[] | undefined)[];
}

/** What a loss was made of, summed over the windows. */
export interface Verdict {
  loss: number;
  correct: number;
}

/**
 * Fast R-CNN's loss, summed over the windows, as an operation: cross entropy of the classes, and where offsets are given
 * the smooth L1 distance from them. `verdict` takes its value without another read.
 */
export function detectionLoss(outputs: tf.Tensor2D, answers: Answers, verdict: Verdict): tf.Scalar {
  const operation = tf.customGrad((x) => {
    const gradient = judge((x as tf.Tensor).dataSync<'float32'>(), answers, verdict);
    const gradFunc = (dy: tf.Tensor): tf.Tensor => tf.mul(dy, tf.tensor2d(gradient, outputs.shape));
    return { value: tf.scalar(verdict.loss), gradFunc };
  });
  return operation(outputs);
}

/** The gradient of the loss with respect to the outputs. */
function judge(outputs: Float32Array, { labels, offsets }: Answers, verdict: Verdict): Float32Array {
  const gradient = new Float32Array(outputs.length);
  Object.assign(verdict, { loss: 0, correct: 0 });
  labels.forEach((label, i) => {
    const row = outputs.subarray(i * OUTPUTS, (i + 1) * OUTPUTS);
    const change = gradient.subarray(i * OUTPUTS, (i + 1) * OUTPUTS);
    const shares = softmax(row.subarray(0, SCORES));
    change.set(shares);
    change[label] -= 1;
    verdict.loss -= Math.log(Math.max(shares[label], 1e-30));
    if (shares.every((share) => share <= shares[label])) verdict.correct++;
    const target = offsets[i];
    if (!target) return;
    for (let k = 0; k < OFFSETS; k++) {
      const off = row[SCORES + k] - target[k];
      verdict.loss += Math.abs(off) < 1 ? (off * off) / 2 : Math.abs(off) - 0.5;
      change[SCORES + k] = Math.max(-1, Math.min(1, off));
    }
  });
  return gradient;
}

/** The share of belief in each class. */
export function softmax(scores: Float32Array): Float32Array {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
