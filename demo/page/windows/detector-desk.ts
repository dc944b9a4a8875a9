/** The detectors as a worker has them, where they may take all the time. */
import * as tf from '@tensorflow/tfjs-core';
import { transfer } from 'comlink';
import { createRuntime, type Runtime } from 'pyramid-pool';
import { meanAveragePrecision } from '../../detect/average-precision.js';
import type { Box } from '../../detect/box.js';
import { type Detection, detect } from '../../detect/detect.js';
import { DETECTORS } from '../../detect/detectors.js';
import fastUrl from '../../detect/fast-rcnn.bin?url';
import { type Fitted, fitWriting, scalesOfScene, scalesOfWriting } from '../../detect/fit-writing.js';
import { makeExercise } from '../../detect/lessons.js';
import { type Method, viewsOf } from '../../detect/methods.js';
import { DetectorNetwork, DIGITS } from '../../detect/network.js';
import { withoutParts } from '../../detect/parts.js';
import rcnnUrl from '../../detect/rcnn.bin?url';
import { groupByScale, type Scales, shorterSide, sizeAt } from '../../detect/scales.js';
import { anyStyle } from '../../detect/scene-styles.js';
import { makeScene, type Scene } from '../../detect/scenes.js';
import type { Times } from '../../detect/stopwatch.js';
import { takeValues } from '../../detect/take-values.js';
import { type DetectorProgress, trainDetector } from '../../detect/train-detector.js';
import { networkWith, readDetectorFile } from '../../detect/weights.js';
import { inkOfPhotograph } from '../../ink/photograph.js';
import type { Plane } from '../../ink/plane.js';
import { type Digit, decodeDigits, splitDigits } from '../../train/digits.js';
import { HELD_OUT } from '../../train/experiment.js';
import { seededRandom } from '../../train/random.js';
import type { FeatureMap } from '../net/feature-map.js';
import type { OnLoading } from '../net/ort.js';
import { loadTfjs } from '../net/tfjs.js';
import { loadDigits } from '../ui/digits-data.js';
import { download } from '../ui/download.js';

/** What a detector makes of a picture. */
export interface Found {
  /** From the highest score down. */
  readonly found: readonly Detection[];
  readonly windows: readonly Box[];
  readonly times: Times;
}

/** The same with the map of the picture as it is, from which the windows were pooled that belong to no other scale. */
export interface FoundOnMap extends Found {
  readonly map: FeatureMap;
  /** How many windows were pooled from the map of each scale. */
  readonly scales: readonly ScaleUse[];
}

export interface ScaleUse {
  readonly height: number;
  readonly width: number;
  readonly windows: number;
}

export interface SearchOptions {
  /** How many windows are proposed. */
  readonly count: number;
  /** Whether each window is pooled from the scale that suits it, of five. */
  readonly atFiveScales: boolean;
  /** What the picture was made from, where it is of the visitor's own: other scales are made from it too. */
  readonly writing?: Plane | undefined;
}

/** What further training has come to. */
export interface LearningNews {
  readonly progress: DetectorProgress;
  /** Mean average precision on held-out scenes, when it was measured. */
  readonly precision?: { readonly before: number; readonly after: number };
}

interface Detector {
  readonly method: Method;
  readonly network: DetectorNetwork;
}

const STEPS = 150;
const LEARNING_RATE = 0.0007;
const SCENES = 40;
const HELD_OUT_SCENES = 8;
const WINDOWS = 2000;

export class DetectorDesk {
  #runtime: Runtime | undefined;
  #fast: Detector | undefined;
  #rcnn: Promise<Detector> | undefined;
  #digits: Promise<{ training: Digit[]; test: Digit[] }> | undefined;
  /** Counts runs and cancellations: a run that finds another number is over. */
  #rcnnTurn = 0;
  #learningTurn = 0;
  #seed = 1;

  /** Loads what detection needs. */
  async open(onLoading: OnLoading): Promise<void> {
    await loadTfjs(onLoading);
    onLoading('Loading the detector');
    this.#runtime = await createRuntime();
    this.#fast = await loadDetector(fastUrl, await DETECTORS['Fast R-CNN, roi-pool'](this.#runtime));
  }

  /** The ink of a photograph of any light, by its brightness, at the size and with the strokes that the detector knows. */
  readPhotograph(brightness: Plane): Fitted {
    return fitWriting(inkOfPhotograph(brightness));
  }

  /** The same of a drawing, whose ink is known. */
  readDrawing(ink: Plane): Fitted {
    return fitWriting(ink);
  }

  /** Finds digits with Fast R-CNN. */
  async detect(picture: Plane, { count, atFiveScales, writing }: SearchOptions): Promise<FoundOnMap> {
    const scales = atFiveScales ? fiveScalesOf(picture, writing) : undefined;
    let map: FeatureMap | undefined;
    const [height, width] = DetectorNetwork.mapSize(picture);
    const onMap = (features: tf.Tensor4D) => {
      if (features.shape[1] === height && features.shape[2] === width) map = channelsFirst(features);
    };
    const detected = await detect(picture, { ...this.#ready(), count, scales, onMap });
    if (!map) throw new Error('the detector made no map');
    const { windows, times } = detected;
    const found = withoutParts(detected.found);
    return transfer({ found, windows, times, map, scales: usesOf(scales, windows, picture) }, [
      map.data.buffer,
    ]);
  }

  /** Finds digits as R-CNN does; nothing where it was cancelled. */
  async detectAsRcnn(
    picture: Plane,
    count: number,
    onProgress: (share: number) => void,
  ): Promise<Found | undefined> {
    const turn = ++this.#rcnnTurn;
    this.#rcnn ??= this.#loadRcnn();
    const { method, network } = await this.#rcnn;
    const pause = async (done: number) => {
      onProgress(done / count);
      await breath();
      if (turn !== this.#rcnnTurn) throw new Cancelled();
    };
    const found = await detect(picture, { method, network, count, pause }).catch(unlessCancelled);
    return found && { ...found, found: withoutParts(found.found) };
  }

  cancelRcnn(): void {
    this.#rcnnTurn++;
  }

  /** Trains Fast R-CNN further, on scenes that it has not seen; nothing at the end where it was cancelled. */
  async learn(onLoading: OnLoading, onNews: (news: LearningNews) => void): Promise<void> {
    const turn = ++this.#learningTurn;
    this.#digits ??= loadAndSplit(onLoading);
    const { training, test } = await this.#digits;
    const detector = this.#ready();
    const random = seededRandom(1000 + this.#seed++);
    const held = Array.from({ length: HELD_OUT_SCENES }, () => makeScene(test, random, anyStyle(random)));
    const goOn = async () => {
      await breath();
      if (turn !== this.#learningTurn) throw new Cancelled();
    };
    const learnIt = async () => {
      const before = await precisionOn(held, detector, goOn);
      const scenes = Array.from({ length: SCENES }, () => makeScene(training, random, anyStyle(random)));
      let latest: DetectorProgress | undefined;
      await trainDetector({
        ...detector,
        exercises: scenes.map((scene) => makeExercise(scene, WINDOWS)),
        steps: STEPS,
        random,
        learningRate: LEARNING_RATE,
        onProgress: async (progress) => {
          latest = progress;
          onNews({ progress });
          await goOn();
        },
      });
      const after = await precisionOn(held, detector, goOn);
      if (latest) onNews({ progress: latest, precision: { before, after } });
    };
    await learnIt().catch(unlessCancelled);
  }

  stopLearning(): void {
    this.#learningTurn++;
  }

  /** The weights that came with the page again. */
  async forget(): Promise<void> {
    const { method, network } = this.#ready();
    this.#fast = await loadDetector(fastUrl, method);
    network.dispose();
  }

  async #loadRcnn(): Promise<Detector> {
    if (!this.#runtime) throw new Error('the detector is not open yet');
    return loadDetector(rcnnUrl, await DETECTORS['R-CNN'](this.#runtime));
  }

  #ready(): Detector {
    if (!this.#fast) throw new Error('the detector is not open yet');
    return this.#fast;
  }
}

function fiveScalesOf(picture: Plane, writing: Plane | undefined): Scales {
  return writing ? scalesOfWriting({ picture, writing }) : scalesOfScene(picture);
}

function usesOf(scales: Scales | undefined, windows: readonly Box[], picture: Plane): ScaleUse[] {
  if (!scales) return [{ height: picture.height, width: picture.width, windows: windows.length }];
  const groups = groupByScale(viewsOf(windows, picture), picture, scales.sides);
  return [...groups].map(([side, places]) => {
    const [height, width] = sizeAt(picture, side / shorterSide(picture));
    return { height, width, windows: places.length };
  });
}

class Cancelled extends Error {}

function unlessCancelled(error: unknown): undefined {
  if (!(error instanceof Cancelled)) throw error;
}

/** Messages arrive between two pieces of work. */
function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function loadDetector(url: string, method: Method): Promise<Detector> {
  const file = await download(new URL(url, location.href).href, () => {});
  return { method, network: networkWith(readDetectorFile(file)) };
}

async function loadAndSplit(onLoading: OnLoading): Promise<{ training: Digit[]; test: Digit[] }> {
  onLoading('Loading digits');
  const raw = await loadDigits((progress) => onLoading('Loading digits', progress));
  onLoading('Making scenes');
  return splitDigits(decodeDigits(raw), HELD_OUT, seededRandom(1));
}

async function precisionOn(
  scenes: readonly Scene[],
  detector: Detector,
  goOn: () => Promise<void>,
): Promise<number> {
  const judged = [];
  for (const { picture, digits: truth } of scenes) {
    judged.push({ found: (await detect(picture, { ...detector, count: WINDOWS })).found, truth });
    await goOn();
  }
  return meanAveragePrecision(judged, DIGITS).area;
}

function channelsFirst(features: tf.Tensor4D): FeatureMap & { data: Float32Array<ArrayBuffer> } {
  const [, height, width, channels] = features.shape;
  const data = new Float32Array(takeValues(tf.transpose(features, [0, 3, 1, 2])));
  return { data, dims: [1, channels, height, width] };
}
