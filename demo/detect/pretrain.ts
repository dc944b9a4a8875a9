/**
 * What ImageNet is to the paper's detectors: the network first learns to tell digits that are alone in a picture, of all sizes,
 * on clutter. All detectors start from these weights.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { PyramidPool } from 'pyramid-pool';
import { Adam } from '../train/adam.js';
import type { Digit } from '../train/digits.js';
import type { Random } from '../train/random.js';
import { sppForTraining } from '../train/spp-op.js';
import { shareOfRate } from '../train/trainer.js';
import { addNoise, drawClutter } from './clutter.js';
import { detectionLoss, type Verdict } from './loss.js';
import { BACKGROUND, type DetectorNetwork } from './network.js';
import { blank, paintDigit, scaleDigitTo } from './scenes.js';
import type { DetectorProgress } from './train-detector.js';

export interface Pretraining {
  readonly network: DetectorNetwork;
  /** Whole pictures are pooled: the layout is NHWC, the levels are those of the network. */
  readonly pool: PyramidPool;
  readonly digits: readonly Digit[];
  readonly steps: number;
  readonly random: Random;
  readonly onProgress?: ((progress: DetectorProgress) => void | Promise<void>) | undefined;
}

const SMALLEST_SIDE = 13;
const LARGEST_SIDE = 96;
/** Pixels of a batch, about: large pictures come in small batches. */
const BATCH_PIXELS = 50_000;
const MOST_PICTURES = 64;
/** So many pictures have no digit. */
const EMPTY_SHARE = 0.15;
const LEARNING_RATE = 0.005;

/** Trains all weights in place. */
export async function pretrain({
  network,
  pool,
  digits,
  steps,
  random,
  onProgress,
}: Pretraining): Promise<void> {
  const adam = new Adam(network.weights);
  const started = performance.now();
  let recent = 0;
  for (let step = 0; step < steps; step++) {
    const { side, pictures, labels } = drawBatch(digits, random);
    const verdict: Verdict = { loss: 0, correct: 0 };
    tf.tidy(() => {
      const images = tf.tensor4d(pictures, [labels.length, side, side, 1]);
      const loss = () =>
        detectionLoss(
          network.head(sppForTraining(pool, network.features(images))),
          { labels, offsets: [] },
          verdict,
        );
      adam.add(tf.variableGrads(loss, [...network.weights]).grads, labels.length);
    });
    adam.step(LEARNING_RATE * shareOfRate(step / steps));
    recent += (verdict.loss / labels.length - recent) * (step === 0 ? 1 : 0.05);
    await onProgress?.({
      step: step + 1,
      steps,
      loss: recent,
      seconds: (performance.now() - started) / 1000,
    });
  }
}

/** Square pictures of one size, most of them with a digit that fills half or more of their side. */
function drawBatch(digits: readonly Digit[], random: Random) {
  const side = Math.round(SMALLEST_SIDE * (LARGEST_SIDE / SMALLEST_SIDE) ** random());
  const count = Math.min(MOST_PICTURES, Math.ceil(BATCH_PIXELS / side ** 2));
  const pictures = new Float32Array(count * side * side);
  const labels = Array.from({ length: count }, (_, i) => {
    const picture = blank(side, side);
    drawClutter(picture, random);
    const digit = random() < EMPTY_SHARE ? undefined : digits[Math.floor(random() * digits.length)];
    if (digit) {
      const scaled = scaleDigitTo(digit, side * (0.6 + 0.38 * random()), random);
      const place = (size: number) => Math.floor(random() * (side - size + 1));
      paintDigit(picture, scaled, { x1: place(scaled.width), y1: place(scaled.height) });
    }
    addNoise(picture, random);
    pictures.set(picture.values, i * side * side);
    return digit?.label ?? BACKGROUND;
  });
  return { side, pictures, labels };
}
