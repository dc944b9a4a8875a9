import * as tf from '@tensorflow/tfjs-core';
import { normal, type Random } from '../train/random.js';
import { OFFSETS } from './offsets.js';

/** Ten digits, and one class for windows without any. */
export const DIGITS = 10;
export const BACKGROUND = DIGITS;
const CLASSES = DIGITS + 1;

/** Values that the head gives for each window: a score for each class, then the offsets of the box. */
export const OUTPUTS = CLASSES + OFFSETS;
export const SCORES = CLASSES;

/** The pyramid between the convolutions and the head. */
export const LEVELS = [6, 3, 2, 1];
const BINS = LEVELS.reduce((sum, n) => sum + n * n, 0);

/** Pixels of the image to a cell of the map. */
export const STEP = 2;

const FILTERS = [8, 16, 24] as const;
export const CHANNELS = FILTERS[2];
/** The last convolution reads every other cell, so that a cell sees 16 pixels of the picture and not 12. */
const DILATION = 2;
const HIDDEN = 96;

/** Three convolutions, then (after the pyramid, which is not in here) two fully connected layers. */
export class DetectorNetwork {
  readonly weights: readonly tf.Variable[];

  constructor(random: Random) {
    this.weights = SHAPES.map(({ shape, inputs }) => {
      const count = tf.util.sizeFromShape([...shape]);
      // Spread so that a layer behind a ReLU neither swells nor fades what passes (He initialisation).
      const values = Float32Array.from({ length: count }, () =>
        inputs === 0 ? 0 : normal(random, Math.sqrt(2 / inputs)),
      );
      return tf.variable(tf.tensor(values, [...shape]));
    });
  }

  static readonly weightNames: readonly string[] = [
    ...['conv1', 'conv2', 'conv3', 'hidden', 'output'].flatMap((name) => [`${name}.weight`, `${name}.bias`]),
  ];

  /** The shape of each tensor of weights, in the same order. */
  static get weightShapes(): readonly (readonly number[])[] {
    return SHAPES.map(({ shape }) => shape);
  }

  /** The weights behind the pyramid: all that SPP-net trains for detection. */
  get headWeights(): readonly tf.Variable[] {
    return this.weights.slice(6);
  }

  /** Pictures of any one size -> maps of half that size (rounded up), `CHANNELS` deep. */
  features(pictures: tf.Tensor4D): tf.Tensor4D {
    const [filter1, bias1, filter2, bias2, filter3, bias3] = this.weights;
    // Halved before bias and ReLU: the maximum is the same cell's either way, and this leaves a quarter to do.
    const first = tf.maxPool(convolve(pictures, filter1), 2, 2, 'same');
    const second = convolve(biasedRelu(first, bias1), filter2);
    return biasedRelu(convolve(biasedRelu(second, bias2), filter3, DILATION), bias3);
  }

  /** Height and width of the map of a picture. */
  static mapSize({ height, width }: { height: number; width: number }): [height: number, width: number] {
    return [Math.ceil(height / STEP), Math.ceil(width / STEP)];
  }

  /** One vector for each window -> `OUTPUTS` values for each. */
  head(vectors: tf.Tensor2D): tf.Tensor2D {
    const [hidden, hiddenBias, output, outputBias] = this.headWeights;
    const middle = biasedRelu(tf.matMul(vectors, hidden as tf.Tensor2D), hiddenBias);
    return tf.add(tf.matMul(middle, output as tf.Tensor2D), outputBias);
  }

  dispose(): void {
    for (const weight of this.weights) weight.dispose();
  }
}

/** The shape of each tensor of weights, and how many values feed each of its outputs; 0: it is a bias. */
const SHAPES: readonly { shape: readonly number[]; inputs: number }[] = [
  { shape: [3, 3, 1, FILTERS[0]], inputs: 9 },
  { shape: [FILTERS[0]], inputs: 0 },
  { shape: [3, 3, FILTERS[0], FILTERS[1]], inputs: 9 * FILTERS[0] },
  { shape: [FILTERS[1]], inputs: 0 },
  { shape: [3, 3, FILTERS[1], FILTERS[2]], inputs: 9 * FILTERS[1] },
  { shape: [FILTERS[2]], inputs: 0 },
  { shape: [BINS * CHANNELS, HIDDEN], inputs: BINS * CHANNELS },
  { shape: [HIDDEN], inputs: 0 },
  { shape: [HIDDEN, OUTPUTS], inputs: HIDDEN },
  { shape: [OUTPUTS], inputs: 0 },
];

function convolve(x: tf.Tensor4D, filter: tf.Tensor, dilation = 1): tf.Tensor4D {
  return tf.conv2d(x, filter as tf.Tensor4D, 1, 'same', 'NHWC', dilation);
}

function biasedRelu<T extends tf.Tensor>(x: T, bias: tf.Tensor): T {
  return tf.relu(tf.add<T>(x, bias));
}
