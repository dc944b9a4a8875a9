/**
 * What ImageNet is to the paper's detectors: the network first learns to tell what small pictures of all sizes show, one digit on
 * clutter, or none: only clutter, or a part of a digit. All detectors start from these weights.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { PyramidPool } from 'pyramid-pool';
import { Adam } from '../train/adam.js';
import type { Digit } from '../train/digits.js';
import type { Random } from '../train/random.js';
import { sppForTraining } from '../train/spp-op.js';
import { learningRateFactor } from '../train/trainer.js';
import { addNoise } from './clutter.js';
import { detectionLoss, type Verdict } from './loss.js';
import { BACKGROUND, type DetectorNetwork } from './network.js';
import { CLUTTERED, type SceneStyle } from './scene-styles.js';
import { blank, paintDigit } from './scenes.js';
import type { DetectorProgress } from './train-detector.js';

export interface Pretraining {
  readonly network: DetectorNetwork;
  /** Whole pictures are pooled: the layout is NHWC, the levels are those of the network. */
  readonly pool: PyramidPool;
  readonly digits: readonly Digit[];
  readonly steps: number;
  readonly random: Random;
  /** Of each picture; that of the paper's scenes by default. */
  readonly style?: (random: Random) => SceneStyle;
  readonly onProgress?: ((progress: DetectorProgress) => void | Promise<void>) | undefined;
}

const SMALLEST_SIDE = 13;
const LARGEST_SIDE = 96;
/** Pixels of a batch, about: large pictures come in small batches. */
const BATCH_PIXELS = 50_000;
const MOST_PICTURES = 64;
/** So many pictures have no digit, and so many a part of one. */
const EMPTY_SHARE = 0.12;
const PART_SHARE = 0.25;
/** So many have another digit, most of which is outside. */
const NEIGHBOUR_SHARE = 0.3;
const LEARNING_RATE = 0.005;

/** Trains all weights in place. */
export async function pretrain({
  network,
  pool,
  digits,
  steps,
  random,
  style = () => CLUTTERED,
  onProgress,
}: Pretraining): Promise<void> {
  const adam = new Adam(network.weights);
  const started = performance.now();
  let recent = 0;
  for (let step = 0; step < steps; step++) {
    const { side, pictures, labels } = drawBatch(digits, random, style);
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
    adam.step(LEARNING_RATE * learningRateFactor(step / steps));
    recent += (verdict.loss / labels.length - recent) * (step === 0 ? 1 : 0.05);
    await onProgress?.({
      step: step + 1,
      steps,
      loss: recent,
      seconds: (performance.now() - started) / 1000,
    });
  }
}

/** Square pictures of one size. */
function drawBatch(digits: readonly Digit[], random: Random, style: (random: Random) => SceneStyle) {
  const side = Math.round(SMALLEST_SIDE * (LARGEST_SIDE / SMALLEST_SIDE) ** random());
  const count = Math.min(MOST_PICTURES, Math.ceil(BATCH_PIXELS / side ** 2));
  const pictures = new Float32Array(count * side * side);
  const labels = Array.from({ length: count }, (_, i) => {
    const { picture, label } = drawPicture(side, digits, random, style(random));
    pictures.set(picture.values, i * side * side);
    return label;
  });
  return { side, pictures, labels };
}

function drawPicture(side: number, digits: readonly Digit[], random: Random, style: SceneStyle) {
  const picture = blank(side, side);
  style.drawBackground(picture, random);
  const anyDigit = (size: number) => style.drawDigit(digits, side * size, random);
  const between = (low: number, high: number) => Math.round(low + random() * (high - low));
  let label = BACKGROUND;
  const kind = random();
  if (kind < PART_SHARE) {
    // Larger than the picture, which shows some of it.
    const digit = anyDigit(1.3 + 1.2 * random());
    const place = (size: number) => between(Math.min(0, side - size), Math.max(0, side - size));
    paintDigit(picture, digit, { x1: place(digit.width), y1: place(digit.height) });
  } else if (kind > PART_SHARE + EMPTY_SHARE) {
    const digit = anyDigit(0.55 + 0.4 * random());
    paintDigit(picture, digit, { x1: between(0, side - digit.width), y1: between(0, side - digit.height) });
    label = digit.label;
  }
  if (random() < NEIGHBOUR_SHARE) {
    const digit = anyDigit(0.4 + random());
    // Into one side of the picture, by a tenth or so.
    const inside = Math.ceil(0.12 * side * random());
    const at = {
      x1: random() < 0.5 ? inside - digit.width : side - inside,
      y1: between(-digit.height, side),
    };
    paintDigit(picture, digit, at);
  }
  addNoise(picture, random);
  return { picture, label };
}
