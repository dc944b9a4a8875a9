/** The detectors of tables 9 and 10: trained from the same weights, judged on the same scenes, and timed. */
import { createPyramidPool, type Runtime } from 'pyramid-pool';
import { type AveragePrecision, meanAveragePrecision } from '../detect/average-precision.js';
import { detect } from '../detect/detect.js';
import { DETECTORS, type DetectorName } from '../detect/detectors.js';
import { makeExercise } from '../detect/lessons.js';
import { DetectorNetwork, DIGITS, LEVELS } from '../detect/network.js';
import { pretrain } from '../detect/pretrain.js';
import { recallOf } from '../detect/recall.js';
import { makeScene, type Scene } from '../detect/scenes.js';
import { noTimes, type Times } from '../detect/stopwatch.js';
import { trainDetector } from '../detect/train-detector.js';
import { networkWith, weightsOf } from '../detect/weights.js';
import { type Digit, splitDigits } from '../train/digits.js';
import { type Random, seededRandom } from '../train/random.js';
import type { Scale } from './scale.js';

export interface DetectorResult {
  readonly detector: DetectorName;
  readonly precision: AveragePrecision;
  /** The share of held-out digits that have a proposed window. */
  readonly recall: number;
  readonly weights: readonly Float32Array[];
  readonly trainingSeconds: number;
}

export interface DetectorTimes {
  readonly detector: DetectorName;
  /** Milliseconds for a scene, each part the median of all scenes. */
  readonly times: Times;
}

type OnProgress = (share: number) => void;

/** The digits that scenes are made of: other ones for training than for the test. */
function splitFor(digits: readonly Digit[], scale: Scale) {
  return splitDigits(digits, scale.heldOut, seededRandom(1));
}

function heldOutScenes(digits: readonly Digit[], scale: Scale): Scene[] {
  return scenesOf(splitFor(digits, scale).test, scale.heldOutScenes, seededRandom(77));
}

function scenesOf(digits: readonly Digit[], count: number, random: Random): Scene[] {
  return Array.from({ length: count }, () => makeScene(digits, random));
}

/** The weights that all detectors start from. */
export async function pretrainWeights(
  digits: readonly Digit[],
  scale: Scale,
  runtime: Runtime,
  onProgress: OnProgress,
): Promise<Float32Array[]> {
  const random = seededRandom(9);
  const network = new DetectorNetwork(random);
  const pool = await createPyramidPool({ levels: LEVELS, layout: 'NHWC', runtime });
  const { training } = splitFor(digits, scale);
  await pretrain({
    network,
    pool,
    digits: training,
    steps: scale.pretraining,
    random,
    onProgress: ({ step, steps }) => onProgress(step / steps),
  });
  pool.dispose();
  const weights = weightsOf(network);
  network.dispose();
  return weights;
}

/** Trains a detector from these weights, and judges it on the held-out scenes. */
export async function trainAndJudge(
  detector: DetectorName,
  start: readonly Float32Array[],
  digits: readonly Digit[],
  scale: Scale,
  runtime: Runtime,
  onProgress: OnProgress,
): Promise<DetectorResult> {
  const method = await DETECTORS[detector](runtime);
  const network = networkWith(start);
  const random = seededRandom(3);
  const scenes = scenesOf(splitFor(digits, scale).training, scale.scenes, random);
  const exercises = scenes.map((scene) => makeExercise(scene, scale.windows));
  const kind = detector.split(',')[0] as keyof Scale['detection'];
  let trainingSeconds = 0;
  await trainDetector({
    network,
    method,
    exercises,
    steps: scale.detection[kind],
    random,
    onProgress: ({ step, steps, seconds }) => {
      trainingSeconds = seconds;
      onProgress((0.8 * step) / steps);
    },
  });
  const held = heldOutScenes(digits, scale);
  const judged = [];
  for (const { picture, digits: truth } of held) {
    const { found, windows } = await detect(picture, { network, method, count: scale.windows });
    judged.push({ found, windows, truth });
    onProgress(0.8 + (0.2 * judged.length) / held.length);
  }
  const result = {
    detector,
    precision: meanAveragePrecision(judged, DIGITS),
    recall: recallOf(judged),
    weights: weightsOf(network),
    trainingSeconds,
  };
  network.dispose();
  return result;
}

/** What a scene takes, part by part, while nothing else runs. */
export async function timeDetector(
  { detector, weights }: Pick<DetectorResult, 'detector' | 'weights'>,
  digits: readonly Digit[],
  scale: Scale,
  runtime: Runtime,
  onProgress: OnProgress,
): Promise<DetectorTimes> {
  const method = await DETECTORS[detector](runtime);
  const network = networkWith(weights);
  const scenes = heldOutScenes(digits, scale).slice(0, TIMED_SCENES);
  const measured: Times[] = [];
  // The first one starts threads and compiles code.
  for (const { picture } of [scenes[0], ...scenes]) {
    measured.push((await detect(picture, { network, method, count: scale.windows })).times);
    onProgress(measured.length / (scenes.length + 1));
  }
  const times = noTimes();
  for (const part of Object.keys(times) as (keyof Times)[]) {
    times[part] = median(measured.slice(1).map((each) => each[part]));
  }
  network.dispose();
  return { detector, times };
}

const TIMED_SCENES = 9;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
