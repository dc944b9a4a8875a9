/** The networks of tables 2 and 3 and of section 2.3: the same convolutions, with other pyramids and other training images. */
import { createPyramidPool, type Runtime } from 'pyramid-pool';
import { resample } from '../ink/resample.js';
import { type Digit, splitDigits } from '../train/digits.js';
import { evaluate } from '../train/evaluate.js';
import { Network } from '../train/network.js';
import { seededRandom } from '../train/random.js';
import type { SppPool } from '../train/spp-op.js';
import { train } from '../train/train.js';
import type { Scale } from './scale.js';

/** One of the compared networks. */
export interface Classifier {
  readonly name: string;
  readonly levels: readonly number[];
  /** Whether every image is warped to one square first. Then the pyramid is a pooling of fixed windows. */
  readonly warps: boolean;
  /** Sizes of the training images, as multiples of `SIDE`. */
  readonly trainingScales: readonly number[];
}

/** The longer side of an image in training at one size, and of all images in tables 2 and 3. */
export const SIDE = 28;

/** Sizes of training at several of them, as multiples of `SIDE`. */
export const SEVERAL_SIZES = [0.5, 0.75, 1, 1.5, 2];

export const CLASSIFIERS: readonly Classifier[] = [
  { name: 'warped, no pyramid: a grid of 4 × 4', levels: [4], warps: true, trainingScales: [1] },
  { name: 'warped, no pyramid: a grid of 5 × 5', levels: [5], warps: true, trainingScales: [1] },
  { name: 'one level: 4', levels: [4], warps: false, trainingScales: [1] },
  { name: 'pyramid 4, 2, 1', levels: [4, 2, 1], warps: false, trainingScales: [1] },
  { name: 'pyramid 4, 2, 1, several sizes', levels: [4, 2, 1], warps: false, trainingScales: SEVERAL_SIZES },
];

/** Sizes of test images for section 2.3: the longer side, in pixels. */
export const TEST_SIDES = [8, 11, 16, 20, 28, 40, 56, 80] as const;

/** What became of one network trained with one seed. Shares of 1. */
export interface ClassifierResult {
  readonly classifier: string;
  readonly seed: number;
  readonly weights: number;
  readonly seconds: number;
  /** Error for whole images, and for their central crop. */
  readonly error: number;
  readonly cropError: number;
  /** Accuracy for images of each of `TEST_SIDES`. */
  readonly accuracyBySide: readonly number[];
}

export async function trainClassifier(
  classifier: Classifier,
  digits: readonly Digit[],
  seed: number,
  scale: Scale,
  runtime: Runtime,
  onProgress: (share: number) => void,
): Promise<ClassifierResult> {
  const { levels, trainingScales } = classifier;
  const random = seededRandom(100 + seed);
  // The same digits are held out for every network and seed.
  const { training, test } = splitDigits(digits, scale.heldOut, seededRandom(1));
  const pool = await createPyramidPool({ levels, layout: 'NHWC', runtime });
  const network = new Network(random, levels);
  try {
    const { seconds } = await train({
      network,
      pool,
      digits: training.slice(0, scale.digits).map((digit) => seenBy(classifier, digit, SIDE)),
      scales: trainingScales,
      epochs: scale.epochs,
      random,
      onProgress: ({ images, totalImages }) => onProgress(images / totalImages),
    });
    const accuracy = (images: readonly Digit[]) => accuracyOn(network, pool, images);
    const bySide: number[] = [];
    for (const side of TEST_SIDES) {
      bySide.push(await accuracy(test.map((digit) => seenBy(classifier, resized(digit, side), side))));
    }
    return {
      classifier: classifier.name,
      seed,
      weights: network.weights.reduce((sum, { size }) => sum + size, 0),
      seconds,
      error: 1 - bySide[TEST_SIDES.indexOf(SIDE)],
      cropError: 1 - (await accuracy(test.map((digit) => seenBy(classifier, centralCrop(digit), SIDE)))),
      accuracyBySide: bySide,
    };
  } finally {
    network.dispose();
    pool.dispose();
  }
}

async function accuracyOn(network: Network, pool: SppPool, digits: readonly Digit[]): Promise<number> {
  const { correct, images } = await evaluate({ network, pool, digits, scale: 1 });
  return correct / images;
}

/** The image that a network gets: warped to the one square that it takes, or with its longer side so long. */
function seenBy({ warps }: Classifier, digit: Digit, side: number): Digit {
  return warps ? sized(digit, SIDE, SIDE) : resized(digit, side);
}

/** With its longer side so long, and its shape kept. */
function resized(digit: Digit, side: number): Digit {
  const scale = side / Math.max(digit.height, digit.width);
  const length = (size: number) => Math.max(1, Math.round(size * scale));
  return sized(digit, length(digit.height), length(digit.width));
}

function sized(digit: Digit, height: number, width: number): Digit {
  const { label, pixels } = digit;
  if (height === digit.height && width === digit.width) return digit;
  return { label, height, width, pixels: resample({ ...digit, values: pixels }, height, width).values };
}

/** The middle seven eighths of each side, as the paper crops 224 of 256 pixels. */
function centralCrop({ label, height, width, pixels }: Digit): Digit {
  const kept = (size: number) => Math.max(1, Math.round((size * 7) / 8));
  const part = { height: kept(height), width: kept(width) };
  const at = { top: Math.floor((height - part.height) / 2), left: Math.floor((width - part.width) / 2) };
  const cropped = resample({ values: pixels, height, width }, part.height, part.width, { ...part, ...at });
  return { label, ...part, pixels: cropped.values };
}
