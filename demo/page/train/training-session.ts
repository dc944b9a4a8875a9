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
import { type LearntBatch, Trainer, type TrainingProgress } from '../../train/trainer.js';
import { readWeights, writeWeights } from '../../train/weights.js';
import { Yielder } from '../../train/yielder.js';
import type { OnLoading } from '../net/ort.js';
import { startTfjsHere } from '../net/tfjs.js';
import { loadDigits } from '../ui/digits-data.js';
import { FixedHeadTrainer, type RefusalNews } from './fixed-head-trainer.js';
import type { PassingDigit } from './passing-digit.js';

export interface TrainingSettings {
  readonly epochs: number;
  readonly learningRate: number;
  readonly seed: number;
}

export interface TrainingNews {
  readonly progress: TrainingProgress;
  readonly passing: readonly PassingDigit[];
}

export interface TestNews {
  readonly scale: number;
  readonly images: number;
  readonly correct: number;
  readonly sizes: number;
  /** Whether no image of these sizes was in the training. */
  readonly unseen: boolean;
}

export interface Answer {
  /** The probability of each of the ten digits. */
  readonly beliefs: Float32Array;
  /** Whether the network was trained at all. */
  readonly learnt: boolean;
}

const NEWS_EVERY = 80;

export class TrainingSession {
  #pool: PyramidPool | undefined;
  #training: Digit[] = [];
  #test: Digit[] = [];
  #network: Network | undefined;
  #trainer: Trainer | undefined;
  #refusing: FixedHeadTrainer | undefined;
  #random: Random = seededRandom(1);
  /** Counts runs and pauses: a run that finds another number is over. */
  #turn = 0;
  /** Whether the network was trained, or has its first random weights. */
  #learnt = false;

  /** Loads what training needs. */
  async open(onLoading: OnLoading): Promise<{ training: number; heldOut: number }> {
    await startTfjsHere(onLoading);
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
    this.#refusing = undefined;
    this.#learnt = false;
  }

  setLearningRate(rate: number): void {
    this.#ready().trainer.learningRate = rate;
  }

  /** One step of the optimiser. */
  step(): TrainingNews {
    const { trainer } = this.#ready();
    const passing = trainer.step().map(passingDigit);
    this.#learnt = true;
    return { progress: trainer.progress, passing };
  }

  /** Trains until the end, or until `pause`. Gives whether the end was reached. */
  async run(onNews: (news: TrainingNews) => void): Promise<boolean> {
    const { trainer } = this.#ready();
    const yielder = new Yielder();
    const turn = ++this.#turn;
    let told = 0;
    while (!trainer.done && turn === this.#turn && trainer === this.#trainer) {
      const news = this.step();
      if (trainer.done || performance.now() - told > NEWS_EVERY) {
        onNews(news);
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
  async runWithoutPyramid(onNews: (news: RefusalNews) => void): Promise<void> {
    const { network } = this.#ready();
    this.#refusing ??= new FixedHeadTrainer(network, this.#training, seededRandom(2));
    const turn = ++this.#turn;
    while (turn === this.#turn && this.#refusing) {
      onNews(this.#refusing.step());
      await new Promise((resolve) => setTimeout(resolve, 2 * NEWS_EVERY));
    }
  }

  /** Tests held-out digits, at their own size and at sizes that training never had. */
  async test(onNews: (news: TestNews) => void): Promise<void> {
    const { network, pool, trainer } = this.#ready();
    for (const scale of [1, ...UNSEEN_SCALES]) {
      const unseen = scale !== 1;
      const sizes = unseen ? { without: trainer.sizes } : {};
      const found: Evaluation = await evaluate({ network, pool, digits: this.#test, scale, ...sizes });
      onNews({ scale, images: found.images, correct: found.correct, sizes: found.sizes.size, unseen });
    }
  }

  recognise({ values, height, width }: Plane): Answer {
    const { network, pool } = this.#ready();
    const beliefs = tf.tidy(() => {
      const features = network.features(tf.tensor4d(values, [1, height, width, 1]));
      return tf.softmax(network.scores(sppForInference(pool, features))).dataSync<'float32'>();
    });
    return { beliefs, learnt: this.#learnt };
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
    this.#learnt = true;
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
function passingDigit({ images, dims: [, height, width], labels, guesses }: LearntBatch): PassingDigit {
  return { values: images.slice(0, height * width), height, width, label: labels[0], guess: guesses[0] };
}
