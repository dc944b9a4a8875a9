/** Training in a worker, which a page starts, pauses and reads. */

import * as tf from '@tensorflow/tfjs-core';
import { createPyramidPool, type PyramidPool } from 'pyramid-pool';
import type { Plane } from '../../ink/plane.js';
import { type Digit, decodeDigits, scaleDigit, splitDigits } from '../../train/digits.js';
import { type Evaluation, evaluate } from '../../train/evaluate.js';
import { HELD_OUT, TRAINING_SCALES, UNSEEN_SCALES } from '../../train/experiment.js';
import { LEVELS, Network } from '../../train/network.js';
import { type Random, seededRandom } from '../../train/random.js';
import { sppForInference } from '../../train/spp-op.js';
import { type TrainedBatch, Trainer, type TrainingProgress } from '../../train/trainer.js';
import { readWeights, writeWeights } from '../../train/weights.js';
import { Yielder } from '../../train/yielder.js';
import type { OnLoading } from '../net/ort.js';
import { loadTfjs } from '../net/tfjs.js';
import { loadDigits } from '../ui/digits-data.js';
import { FixedHeadTrainer, type FixedHeadUpdate } from './fixed-head-trainer.js';
import type { TrainingDigit } from './training-digit.js';

export interface TrainingSettings {
  readonly epochs: number;
  readonly learningRate: number;
  readonly seed: number;
}

export interface TrainingUpdate {
  readonly progress: TrainingProgress;
  readonly digits: readonly TrainingDigit[];
}

export interface TestResult {
  readonly scale: number;
  readonly images: number;
  readonly correct: number;
  readonly sizes: number;
  /** Whether no image of these sizes was in the training. */
  readonly unseen: boolean;
}

export interface Recognition {
  /** The probability of each of the ten digits. */
  readonly probabilities: Float32Array;
  /** Whether the network was trained at all. */
  readonly trained: boolean;
}

const UPDATE_EVERY_MS = 80;

export class TrainingSession {
  #pool: PyramidPool | undefined;
  #training: Digit[] = [];
  #test: Digit[] = [];
  #network: Network | undefined;
  #trainer: Trainer | undefined;
  #fixedHead: FixedHeadTrainer | undefined;
  #random: Random = seededRandom(1);
  /** Counts runs and pauses. A run ends when the number is no longer its own. */
  #turn = 0;
  /** Whether the network was trained, or has its first random weights. */
  #trained = false;

  /** Loads what training needs. */
  async open(onLoading: OnLoading): Promise<{ training: number; heldOut: number }> {
    await loadTfjs(onLoading);
    onLoading('Loading digits');
    const raw = await loadDigits((progress) => onLoading('Loading digits', progress));
    onLoading('Cutting digits to their ink');
    ({ training: this.#training, test: this.#test } = splitDigits(
      decodeDigits(raw),
      HELD_OUT,
      seededRandom(1),
    ));
    this.#pool = await createPyramidPool({ levels: LEVELS, layout: 'NHWC' });
    this.reset({ epochs: 1, learningRate: 0.005, seed: 1 });
    return { training: this.#training.length, heldOut: this.#test.length };
  }

  /** Starts over with random weights. */
  reset({ epochs, learningRate, seed }: TrainingSettings): void {
    this.#random = seededRandom(seed);
    this.#network?.dispose();
    this.#network = new Network(this.#random);
    this.#trainer = this.#newTrainer(epochs);
    this.#trainer.learningRate = learningRate;
    this.#fixedHead = undefined;
    this.#trained = false;
  }

  setLearningRate(rate: number): void {
    this.#ready().trainer.learningRate = rate;
  }

  /** One step of the optimiser. */
  step(): TrainingUpdate {
    const { trainer } = this.#ready();
    const digits = trainer.step().map(trainingDigit);
    this.#trained = true;
    return { progress: trainer.progress, digits };
  }

  /** Trains until the end, or until `pause`. Gives whether the end was reached. */
  async run(onUpdate: (update: TrainingUpdate) => void): Promise<boolean> {
    const { trainer } = this.#ready();
    const yielder = new Yielder();
    const turn = ++this.#turn;
    let told = 0;
    while (!trainer.done && turn === this.#turn && trainer === this.#trainer) {
      const update = this.step();
      if (trainer.done || performance.now() - told > UPDATE_EVERY_MS) {
        onUpdate(update);
        told = performance.now();
      }
      await yielder.yieldIfDue();
    }
    return trainer.done;
  }

  pause(): void {
    this.#turn++;
  }

  /** Shows digits to the same network without a pyramid, until `pause`. */
  async runWithoutPyramid(onUpdate: (update: FixedHeadUpdate) => void): Promise<void> {
    const { network } = this.#ready();
    this.#fixedHead ??= new FixedHeadTrainer(network, this.#training, seededRandom(2));
    const turn = ++this.#turn;
    while (turn === this.#turn && this.#fixedHead) {
      onUpdate(this.#fixedHead.step());
      await new Promise((resolve) => setTimeout(resolve, 2 * UPDATE_EVERY_MS));
    }
  }

  /** Tests held-out digits, at their own size and at sizes that training never had. */
  async test(onResult: (result: TestResult) => void): Promise<void> {
    const { network, pool, trainer } = this.#ready();
    for (const scale of [1, ...UNSEEN_SCALES]) {
      const unseen = scale !== 1;
      const sizes = unseen ? { without: trainer.sizes } : {};
      const found: Evaluation = await evaluate({ network, pool, digits: this.#test, scale, ...sizes });
      onResult({ scale, images: found.images, correct: found.correct, sizes: found.sizes.size, unseen });
    }
  }

  recognise({ values, height, width }: Plane): Recognition {
    const { network, pool } = this.#ready();
    const probabilities = tf.tidy(() => {
      const features = network.features(tf.tensor4d(values, [1, height, width, 1]));
      return tf.softmax(network.scores(sppForInference(pool, features))).dataSync<'float32'>();
    });
    return { probabilities, trained: this.#trained };
  }

  /** A held-out digit at a random size. */
  anyTestDigit(): { label: number; plane: Plane } {
    const digit = this.#test[Math.floor(Math.random() * this.#test.length)];
    const { label, height, width, pixels } = scaleDigit(digit, 0.8 + 1.4 * Math.random());
    return { label, plane: { values: pixels, height, width } };
  }

  weights(): Float32Array[] {
    return readWeights(this.#ready().network);
  }

  /** Replaces the weights by those of another network. */
  setWeights(values: readonly Float32Array[]): void {
    const { network, trainer } = this.#ready();
    writeWeights(network, values);
    this.#trained = true;
    const { learningRate, progress } = trainer;
    this.#trainer = this.#newTrainer(progress.epochs);
    this.#trainer.learningRate = learningRate;
  }

  #newTrainer(epochs: number): Trainer {
    const { network, pool } = this.#ready();
    const digits = this.#training;
    return new Trainer({ network, pool, digits, scales: TRAINING_SCALES, epochs, random: this.#random });
  }

  #ready(): { network: Network; pool: PyramidPool; trainer: Trainer } {
    const { network, pool, trainer } = { network: this.#network, pool: this.#pool, trainer: this.#trainer };
    if (!network || !pool) throw new Error('the session is not open yet');
    return { network, pool, trainer: trainer as Trainer };
  }
}

/** The first image of a batch, to be shown. */
function trainingDigit({ images, dims: [, height, width], labels, guesses }: TrainedBatch): TrainingDigit {
  return { values: images.slice(0, height * width), height, width, label: labels[0], guess: guesses[0] };
}
