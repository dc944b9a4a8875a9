import { decodeDigits, type RawDigits, splitDigits } from './digits.js';
import { type Evaluation, evaluate } from './evaluate.js';
import { Network } from './network.js';
import { seededRandom } from './random.js';
import type { SppPool } from './spp-op.js';
import { type TrainingProgress, type TrainingResult, train } from './train.js';

/** Scales that training draws from, and scales that only the test uses. */
export const TRAINING_SCALES = [0.8, 1, 1.25, 1.5, 2];
export const UNSEEN_SCALES = [0.9, 1.1, 1.4, 1.75];

/** Digits that training never sees, at any size. */
export const HELD_OUT = 2000;

export const DEFAULT_EPOCHS = 5;

/** Below this share of recognised digits the demo counts as failed. */
export const REQUIRED_ACCURACY = 0.95;

export interface ExperimentOptions {
  readonly raw: readonly RawDigits[];
  readonly pool: SppPool;
  readonly epochs: number;
  readonly seed: number;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Called before each test. */
  readonly onTest?: ((scale: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ExperimentResult {
  readonly network: Network;
  readonly training: TrainingResult;
  /** Held-out digits as they were written. */
  readonly ordinary: Evaluation;
  /** Held-out digits at sizes that no training image had: one evaluation per scale. */
  readonly unseen: readonly Evaluation[];
}

/** Split, train, test: the whole experiment, the same in Node and in a browser. tfjs has to be started before. */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentResult> {
  const { raw, pool, epochs, seed, onProgress, onTest, signal } = options;
  const random = seededRandom(seed);
  const { training: digits, test } = splitDigits(decodeDigits(raw), HELD_OUT, random);
  const network = new Network(random);
  const scales = TRAINING_SCALES;
  const training = await train({ network, pool, digits, scales, epochs, random, onProgress, signal });

  const testing = { network, pool, digits: test, signal };
  onTest?.(1);
  const ordinary = await evaluate({ ...testing, scale: 1 });
  const unseen: Evaluation[] = [];
  for (const scale of UNSEEN_SCALES) {
    onTest?.(scale);
    unseen.push(await evaluate({ ...testing, scale, without: training.sizes }));
  }
  return { network, training, ordinary, unseen };
}

/** All evaluations taken together. */
export function accuracyOf(evaluations: readonly Evaluation[]): number {
  const sum = (of: (evaluation: Evaluation) => number) => evaluations.reduce((total, e) => total + of(e), 0);
  return sum(({ correct }) => correct) / sum(({ images }) => images);
}
