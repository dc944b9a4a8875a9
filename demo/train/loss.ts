import * as tf from '@tensorflow/tfjs-core';

/** Loss and predictions of a batch, summed over its images. */
export interface Verdict {
  loss: number;
  correct: number;
  /** The class with the highest score, for each image. */
  guesses: number[];
}

/**
 * Cross entropy of the softmax, summed over the batch, as a tfjs operation. `verdict` takes the same loss, and what
 * the images were taken for, without running the network again.
 */
export function crossEntropy(scores: tf.Tensor2D, labels: readonly number[], verdict: Verdict): tf.Scalar {
  const operation = tf.customGrad((x) => {
    const probabilities = tf.softmax(x as tf.Tensor2D);
    const gradient = probabilities.dataSync<'float32'>();
    Object.assign(verdict, judge(gradient, labels));
    const classes = gradient.length / labels.length;
    labels.forEach((label, i) => {
      gradient[i * classes + label] -= 1;
    });
    const gradFunc = (dy: tf.Tensor): tf.Tensor => tf.mul(dy, tf.tensor2d(gradient, scores.shape));
    return { value: tf.scalar(verdict.loss), gradFunc };
  });
  return operation(scores);
}

function judge(probabilities: Float32Array, labels: readonly number[]): Verdict {
  const verdict: Verdict = { loss: 0, correct: 0, guesses: [] };
  const classes = probabilities.length / labels.length;
  labels.forEach((label, i) => {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    // A probability may underflow to 0; its logarithm must not be infinite.
    verdict.loss -= Math.log(Math.max(row[label], 1e-30));
    const guess = indexOfMaximum(row);
    verdict.guesses.push(guess);
    if (guess === label) verdict.correct++;
  });
  return verdict;
}

export function indexOfMaximum(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
