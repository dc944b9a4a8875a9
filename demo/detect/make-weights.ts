/**
 * Trains the detectors that come with the page: `fast-rcnn.bin` and `rcnn.bin`. They see scenes in every style that a visitor may
 * bring, not only those of the paper's tables. Run it with `npx tsx demo/detect/make-weights.ts`: about a quarter of an hour, on one core;
 * with the name of a file, for that one alone.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createPyramidPool, createRuntime } from 'pyramid-pool';
import { loadDigits, tfjsWasmFolder } from '../data/node-assets.js';
import { decodeDigits, splitDigits } from '../train/digits.js';
import { HELD_OUT } from '../train/experiment.js';
import { seededRandom } from '../train/random.js';
import { startTfjs } from '../train/tfjs.js';
import { type Judged, meanAveragePrecision } from './average-precision.js';
import { detect } from './detect.js';
import { DETECTORS } from './detectors.js';
import { makeExercise } from './lessons.js';
import { DetectorNetwork, DIGITS, LEVELS } from './network.js';
import { pretrain } from './pretrain.js';
import { anyStyle, CLUTTERED, type SceneStyle } from './scene-styles.js';
import { makeScene } from './scenes.js';
import { type DetectorProgress, trainDetector } from './train-detector.js';
import { detectorFile, networkWith, weightsOf } from './weights.js';

const PRETRAINING = 1500;
const SCENES = 240;
const HELD_OUT_SCENES = 24;
const WINDOWS = 2000;
const FILES = [
  { name: 'Fast R-CNN, roi-pool', file: 'fast-rcnn.bin', steps: 900 },
  // It takes longest; the page has it beside the other one for its times.
  { name: 'R-CNN', file: 'rcnn.bin', steps: 700 },
] as const;
await startTfjs(tfjsWasmFolder());
const runtime = await createRuntime({ threads: 1 });
const { training, test } = splitDigits(decodeDigits(await loadDigits()), HELD_OUT, seededRandom(1));

const asked = process.argv.slice(2);
const start = await pretrained();
for (const { name, file, steps } of FILES) {
  if (asked.length > 0 && !asked.includes(file)) continue;
  // The same scenes for each, whichever are trained.
  const random = seededRandom(3);
  const exercises = Array.from({ length: SCENES }, () =>
    makeExercise(makeScene(training, random, anyStyle(random)), WINDOWS),
  );
  const method = await DETECTORS[name](runtime);
  const network = networkWith(start);
  await trainDetector({ network, method, exercises, steps, random, onProgress: report(name) });
  await writeFile(fileURLToPath(new URL(file, import.meta.url)), detectorFile(name, weightsOf(network)));
  for (const [title, style] of [
    ['on clutter', () => CLUTTERED],
    ['in any style', anyStyle],
  ] as const) {
    const { points11, area } = await precisionOf({ network, method }, style);
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    console.log(
      `${file}, held-out digits ${title}: mAP ${percent(points11)} by 11 points, ${percent(area)} by area`,
    );
  }
  network.dispose();
}

async function pretrained(): Promise<Float32Array[]> {
  const random = seededRandom(9);
  const network = new DetectorNetwork(random);
  const pool = await createPyramidPool({ levels: LEVELS, layout: 'NHWC', runtime });
  const onProgress = report('weights that both start from');
  await pretrain({
    network,
    pool,
    digits: training,
    steps: PRETRAINING,
    random,
    style: anyStyle,
    onProgress,
  });
  const weights = weightsOf(network);
  pool.dispose();
  network.dispose();
  return weights;
}

async function precisionOf(
  detector: Pick<Parameters<typeof detect>[1], 'network' | 'method'>,
  style: (random: ReturnType<typeof seededRandom>) => SceneStyle,
) {
  const random = seededRandom(77);
  const judged: Judged[] = [];
  for (let i = 0; i < HELD_OUT_SCENES; i++) {
    const { picture, digits: truth } = makeScene(test, random, style(random));
    judged.push({ found: (await detect(picture, { ...detector, count: WINDOWS })).found, truth });
  }
  return meanAveragePrecision(judged, DIGITS);
}

/** A line for each tenth of the way. */
function report(title: string): (progress: DetectorProgress) => void {
  return ({ step, steps, loss, seconds }) => {
    if (Math.floor((10 * step) / steps) === Math.floor((10 * (step - 1)) / steps)) return;
    console.log(`${title}: ${step} of ${steps} steps in ${seconds.toFixed(0)} s, loss ${loss.toFixed(3)}`);
  };
}
