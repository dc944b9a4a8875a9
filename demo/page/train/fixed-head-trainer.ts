import { groupBySize } from '../../train/batches.js';
import { type Digit, scaleDigit } from '../../train/digits.js';
import { TRAINING_SCALES } from '../../train/experiment.js';
import type { Network } from '../../train/network.js';
import type { Random } from '../../train/random.js';
import { FixedHead, type Refusal } from '../../train/without-spp.js';
import type { TrainingDigit } from './training-digit.js';

export interface FixedHeadUpdate {
  readonly taken: number;
  readonly refused: number;
  readonly built: { readonly height: number; readonly width: number; readonly values: number };
  /** The latest refusal. */
  readonly refusal: Refusal | undefined;
  readonly digits: readonly TrainingDigit[];
}

const AT_ONCE = 4;

/** Trains without the pyramid: a fully connected layer built for the size of the first image refuses all other sizes. */
export class FixedHeadTrainer {
  readonly #network: Network;
  readonly #digits: readonly Digit[];
  readonly #random: Random;
  #waiting: Digit[] = [];
  #head: FixedHead | undefined;
  #taken = 0;
  #refused = 0;
  #refusal: Refusal | undefined;

  constructor(network: Network, digits: readonly Digit[], random: Random) {
    this.#network = network;
    this.#digits = digits;
    this.#random = random;
  }

  step(): FixedHeadUpdate {
    const digits = Array.from({ length: AT_ONCE }, () => this.#show(this.#next()));
    const { size, built } = this.#head as FixedHead;
    return {
      taken: this.#taken,
      refused: this.#refused,
      built: { height: size[0], width: size[1], values: built },
      refusal: this.#refusal,
      digits,
    };
  }

  #next(): Digit {
    if (this.#waiting.length === 0) this.#waiting = groupBySize(this.#digits, 1, 1, this.#random).flat();
    const digit = this.#waiting.pop() as Digit;
    return scaleDigit(digit, TRAINING_SCALES[Math.floor(this.#random() * TRAINING_SCALES.length)]);
  }

  #show({ label, height, width, pixels }: Digit): TrainingDigit {
    this.#head ??= new FixedHead(this.#network, [height, width]);
    const refusal = this.#head.refusal([height, width]);
    if (refusal) {
      this.#refused++;
      this.#refusal = refusal;
    } else {
      this.#taken++;
    }
    return { values: pixels, height, width, label, guess: refusal ? 'refused' : 'taken' };
  }
}
