/** The three ways to train a detector, and the weights that come with the page. Types are those of the demo. */
import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs-core';
import { createRuntime } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { loadDigits, tfjsWasmFolder } from '../../demo/data/node-assets.js';
import { meanAveragePrecision } from '../../demo/detect/average-precision.js';
import type { Box } from '../../demo/detect/box.js';
import { detect } from '../../demo/detect/detect.js';
import { DETECTORS, type DetectorName } from '../../demo/detect/detectors.js';
import { makeExercise } from '../../demo/detect/lessons.js';
import { viewsOf } from '../../demo/detect/methods.js';
import { DetectorNetwork, DIGITS, OUTPUTS } from '../../demo/detect/network.js';
import { groupByScale, type Scales, scaledBy } from '../../demo/detect/scales.js';
import { makeScene } from '../../demo/detect/scenes.js';
import { noTimes } from '../../demo/detect/stopwatch.js';
import { trainDetector } from '../../demo/detect/train-detector.js';
import { detectorFile, networkWith, readDetectorFile, weightsOf } from '../../demo/detect/weights.js';
import type { Plane } from '../../demo/ink/plane.js';
import { decodeDigits, splitDigits } from '../../demo/train/digits.js';
import { seededRandom } from '../../demo/train/random.js';
import { startTfjs } from '../../demo/train/tfjs.js';

await startTfjs(tfjsWasmFolder());
const { training, test: heldOut } = splitDigits(decodeDigits(await loadDigits()), 2000, seededRandom(1));
const runtime = await createRuntime({ threads: 1 });
const names = Object.keys(DETECTORS) as DetectorName[];
/** Tensors of the convolutions. */
const CONVOLUTIONS = 6;

test('gradients of dilated convolutions are those of finite differences', () => {
  for (const [dilation, height, width] of [
    [1, 6, 5],
    [2, 7, 9],
    [3, 4, 5],
  ] as const) {
    const waves = (shape: number[], step: number) =>
      tf.variable(
        tf.tensor(
          Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(i * step)),
          shape,
        ),
      );
    const x = waves([2, height, width, 3], 1.3) as tf.Variable<tf.Rank.R4>;
    const filter = waves([3, 3, 3, 4], 0.7) as tf.Variable<tf.Rank.R4>;
    const upstream = Float32Array.from({ length: 2 * height * width * 4 }, (_, i) => Math.cos(i * 2.1));
    const weigh = tf.customGrad((y) => ({
      value: tf.scalar((y as tf.Tensor).dataSync().reduce((sum, value, i) => sum + value * upstream[i], 0)),
      gradFunc: () => tf.tensor(upstream, [2, height, width, 4]),
    }));
    const loss = () => weigh(tf.conv2d(x, filter, 1, 'same', 'NHWC', dilation)) as tf.Scalar;
    const { grads } = tf.variableGrads(loss, [x, filter]);
    for (const variable of [x, filter]) {
      const values = variable.dataSync().slice();
      const at = (i: number, change: number) => {
        variable.assign(
          tf.tensor(
            values.map((value, k) => (k === i ? value + change : value)),
            variable.shape,
          ),
        );
        return loss().dataSync()[0];
      };
      // The loss is linear in each of them: the difference is the gradient, whatever the step.
      for (let i = 0; i < values.length; i += 7) {
        expect(at(i, 0.5) - at(i, -0.5)).toBeCloseTo(grads[variable.name].dataSync()[i], 4);
      }
      variable.assign(tf.tensor(values, variable.shape));
    }
  }
});

test.each(names)('%s learns, and only what it trains changes', async (name) => {
  const random = seededRandom(2);
  const method = await DETECTORS[name](runtime);
  const network = new DetectorNetwork(random);
  const before = weightsOf(network);
  const exercises = [makeExercise(makeScene(training, random), 150)];
  const losses: number[] = [];
  const tensors = tf.memory().numTensors;
  await trainDetector({
    network,
    method,
    exercises,
    steps: 4,
    random,
    onProgress: ({ loss }) => {
      losses.push(loss);
    },
  });
  expect(tf.memory().numTensors).toBe(tensors);
  expect(losses.at(-1)).toBeLessThan(losses[0]);
  const changed = weightsOf(network).map((values, i) => values.some((value, k) => value !== before[i][k]));
  const trainsConvolutions = !name.startsWith('SPP-net');
  expect(changed.slice(0, CONVOLUTIONS)).toEqual(Array(CONVOLUTIONS).fill(trainsConvolutions));
  expect(changed.slice(CONVOLUTIONS)).toEqual(Array(4).fill(true));
  network.dispose();
});

test.each(names)('%s gives the same outputs in training and afterwards', async (name) => {
  const random = seededRandom(8);
  const method = await DETECTORS[name](runtime);
  const network = new DetectorNetwork(random);
  const { scene, windows } = makeExercise(makeScene(training, random), 60);
  const views = viewsOf(windows, scene.picture);
  const inferred = await method.infer(network, scene.picture, views, { times: noTimes() });
  const learnt = tf.tidy(() => network.head(method.learn(network, scene.picture, views)).dataSync());
  expect(inferred.length).toBe(views.length * OUTPUTS);
  const most = inferred.reduce((greatest, value, i) => Math.max(greatest, Math.abs(value - learnt[i])), 0);
  expect(most).toBeLessThan(1e-3);
  network.dispose();
});

test('at several scales each window is pooled from the map of its own', async () => {
  const random = seededRandom(9);
  const method = await DETECTORS['Fast R-CNN, roi-pool'](runtime);
  const network = new DetectorNetwork(random);
  const { scene, windows } = makeExercise(makeScene(training, random), 60);
  const { picture } = scene;
  const views = viewsOf(windows, picture);
  const outputsOf = (plane: Plane, boxes: readonly Box[], scales?: Scales) =>
    method.infer(network, plane, boxes, { times: noTimes(), scales });
  expect(await outputsOf(picture, views, scaledBy(picture, [1]))).toEqual(await outputsOf(picture, views));
  const scales = scaledBy(picture, [0.5, 1, 2]);
  const maps: number[] = [];
  const onMap = ({ shape }: tf.Tensor4D) => {
    maps.push(shape[1]);
  };
  const outputs = await method.infer(network, picture, views, { times: noTimes(), scales, onMap });
  expect(maps).toEqual([72, 144, 288]);
  for (const [side, places] of groupByScale(views, picture, scales.sides)) {
    expect(places.length).toBeGreaterThan(0);
    const factor = (side - 1) / (picture.height - 1);
    const boxes = places.map((at) => {
      const { x1, y1, x2, y2 } = views[at];
      return { x1: factor * x1, y1: factor * y1, x2: factor * x2, y2: factor * y2 };
    });
    const own = await outputsOf(scales.at(side), boxes);
    places.forEach((at, i) => {
      const row = outputs.subarray(at * OUTPUTS, (at + 1) * OUTPUTS);
      expect(row).toEqual(own.subarray(i * OUTPUTS, (i + 1) * OUTPUTS));
    });
  }
  network.dispose();
});

test.each([
  ['Fast R-CNN, roi-pool', 'fast-rcnn.bin', 6],
  ['R-CNN', 'rcnn.bin', 2],
] as const)('the weights of %s that come with the page find held-out digits', async (name, file, count) => {
  const bytes = await readFile(new URL(`../../demo/detect/${file}`, import.meta.url));
  expect(bytes.length).toBeLessThan(300_000);
  const network = networkWith(readDetectorFile(bytes));
  const method = await DETECTORS[name](runtime);
  const random = seededRandom(500);
  const judged = [];
  for (let i = 0; i < count; i++) {
    const { picture, digits: truth } = makeScene(heldOut, random);
    const { found, windows, times } = await detect(picture, { network, method, count: 2000 });
    expect(windows.length).toBe(2000);
    expect(Math.min(...Object.values(times))).toBeGreaterThan(0);
    for (const { windows: led } of found) expect(led.every((at) => at < 2000)).toBe(true);
    judged.push({ found, truth });
  }
  expect(meanAveragePrecision(judged, DIGITS).area).toBeGreaterThan(0.9);
  network.dispose();
});

test('the file of a detector holds its weights to eleven bits, and that of another network is refused', () => {
  const network = new DetectorNetwork(seededRandom(1));
  const weights = weightsOf(network);
  const read = readDetectorFile(detectorFile('any', weights));
  const isNear = (a: number, b: number) => Math.abs(a - b) <= 2 ** -11 * Math.abs(a) + 2 ** -24;
  expect(weights.every((values, i) => values.every((value, k) => isNear(value, read[i][k])))).toBe(true);
  expect(() => networkWith(weights.slice(1))).toThrow('weights of another detector');
  expect(() => readDetectorFile(new Uint8Array(100))).toThrow('safetensors');
  network.dispose();
});
