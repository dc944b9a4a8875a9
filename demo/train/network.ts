import * as tf from '@tensorflow/tfjs-core';
import { normal, type Random } from './random.js';

export const CLASSES = 10;

/** Grids of the pyramid: 4 x 4, 2 x 2 and the whole map, as in the paper's figures. */
export const LEVELS = [4, 2, 1];

const FILTERS = [8, 16] as const;

type Filter = tf.Variable<tf.Rank.R4>;
type Matrix = tf.Variable<tf.Rank.R2>;
type Bias = tf.Variable<tf.Rank.R1>;

/** Two convolutions, then (after the pyramid, which is not in here) one fully connected layer: 4,618 weights with these levels. */
export class Network {
  readonly #filter1: Filter;
  readonly #bias1: Bias;
  readonly #filter2: Filter;
  readonly #bias2: Bias;
  readonly #dense: Matrix;
  readonly #denseBias: Bias;

  /** `levels` are those of the pyramid that comes between. */
  constructor(random: Random, levels: readonly number[] = LEVELS) {
    // What the fully connected layer reads, whatever the size of the image.
    const length = FILTERS[1] * levels.reduce((sum, n) => sum + n * n, 0);
    this.#filter1 = randomFilter([3, 3, 1, FILTERS[0]], random);
    this.#bias1 = zeros(FILTERS[0]);
    this.#filter2 = randomFilter([3, 3, FILTERS[0], FILTERS[1]], random);
    this.#bias2 = zeros(FILTERS[1]);
    this.#dense = randomMatrix(length, CLASSES, random);
    this.#denseBias = zeros(CLASSES);
  }

  get weights(): tf.Variable[] {
    return [this.#filter1, this.#bias1, this.#filter2, this.#bias2, this.#dense, this.#denseBias];
  }

  /** The same weights by name, in the order of `weights`. */
  static readonly weightNames = [
    'conv1.weight',
    'conv1.bias',
    'conv2.weight',
    'conv2.bias',
    'dense.weight',
    'dense.bias',
  ] as const;

  /** Images of any one size -> maps of half that size (rounded up), 16 channels deep. */
  features(images: tf.Tensor4D): tf.Tensor4D {
    // Halved before bias and ReLU: the maximum is the same cell's either way, and this leaves a quarter to do.
    const first = tf.maxPool(tf.conv2d(images, this.#filter1, 1, 'same'), 2, 2, 'same');
    const second = tf.conv2d(biasedRelu(first, this.#bias1), this.#filter2, 1, 'same');
    return biasedRelu(second, this.#bias2);
  }

  /** The vector of each image -> one score per class. */
  scores(vectors: tf.Tensor2D): tf.Tensor2D {
    return tf.add(tf.matMul(vectors, this.#dense), this.#denseBias);
  }

  dispose(): void {
    for (const weight of this.weights) weight.dispose();
  }
}

function biasedRelu(x: tf.Tensor4D, bias: Bias): tf.Tensor4D {
  const sums: tf.Tensor4D = tf.add(x, bias);
  return tf.relu(sums);
}

function randomFilter(shape: [number, number, number, number], random: Random): Filter {
  const [height, width, channels] = shape;
  const values = randomValues(tf.util.sizeFromShape(shape), height * width * channels, random);
  return tf.variable(tf.tensor4d(values, shape));
}

function randomMatrix(rows: number, columns: number, random: Random): Matrix {
  return tf.variable(tf.tensor2d(randomValues(rows * columns, rows, random), [rows, columns]));
}

/** He initialisation. */
function randomValues(count: number, inputs: number, random: Random): Float32Array {
  return Float32Array.from({ length: count }, () => normal(random, Math.sqrt(2 / inputs)));
}

function zeros(count: number): Bias {
  return tf.variable(tf.zeros<tf.Rank.R1>([count]));
}
