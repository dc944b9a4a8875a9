/** SPP-net (He et al. 2014): convolutions once for the picture, windows pooled from the map; convolutions stay as they are. */
import * as tf from '@tensorflow/tfjs-core';
import { chooseScale, type Runtime, scaleWindow } from 'pyramid-pool';
import type { Plane } from '../ink/plane.js';
import { resample } from '../ink/resample.js';
import type { Box } from './box.js';
import type { Method } from './methods.js';
import { CHANNELS, type DetectorNetwork, OUTPUTS } from './network.js';
import { pictureTensor } from './picture-tensor.js';
import { outputsOf } from './pooled-windows.js';
import { createRegions, poolRegions } from './regions.js';
import { noTimes, type Times, timed } from './stopwatch.js';

/** The picture as it is. */
export const ONE_SCALE = [1];

/** Five scales of the picture, one to another as the paper's 480, 576, 688, 864 and 1200. */
export const FIVE_SCALES = [480, 576, 688, 864, 1200].map((side) => side / 688);

/** At the scale that is chosen for it a window is nearest to a square of this side; the paper has 224. */
const WINDOW_SIDE = 28;

export async function createSppNet(runtime: Runtime, scales: readonly number[] = ONE_SCALE): Promise<Method> {
  const pool = await createRegions('spp-net', runtime);
  return {
    name: scales.length === 1 ? 'SPP-net, one scale' : `SPP-net, ${scales.length} scales`,
    mined: 1000,
    lesson: { withDigit: 64, without: 128 },
    trained: (network) => network.headWeights,
    learn: (network, picture, windows) => {
      const length = pool.vectorLength(CHANNELS);
      const rows = new Float32Array(windows.length * length);
      onEachScale(network, picture, windows, scales, noTimes(), (map, scaled, places) => {
        scatter(poolRegions(pool, map, scaled).dataSync<'float32'>(), length, places, rows);
      });
      return tf.tensor2d(rows, [windows.length, length]);
    },
    infer: async (network, picture, windows, { times }) => {
      const outputs = new Float32Array(windows.length * OUTPUTS);
      onEachScale(network, picture, windows, scales, times, (map, scaled, places) => {
        scatter(outputsOf(network, pool, map, scaled, times), OUTPUTS, places, outputs);
      });
      return outputs;
    },
  };
}

/** Rows to their places. */
function scatter(from: Float32Array, length: number, places: readonly number[], to: Float32Array): void {
  places.forEach((place, i) => {
    to.set(from.subarray(i * length, (i + 1) * length), place * length);
  });
}

/** The map of the picture at each scale, with the windows that have the size nearest to `WINDOW_SIDE` there, and their places. */
function onEachScale(
  network: DetectorNetwork,
  picture: Plane,
  windows: readonly Box[],
  scales: readonly number[],
  times: Times,
  work: (map: tf.Tensor4D, scaled: readonly Box[], places: readonly number[]) => void,
): void {
  const minSide = Math.min(picture.height, picture.width);
  for (const [scale, places] of windowsByScale(picture, windows, scales)) {
    const resized = timed(times, 'rest', () => resizedTo(picture, scale));
    tf.tidy(() => {
      const map = timed(times, 'convolutions', () => network.features(pictureTensor(resized)));
      const scaled = places.map((place) => scaledBox(windows[place], minSide, scale));
      work(map, scaled, places);
    });
  }
}

/** Which windows are pooled at which short side of the picture. */
function windowsByScale(
  picture: Plane,
  windows: readonly Box[],
  scales: readonly number[],
): Map<number, number[]> {
  const minSide = Math.min(picture.height, picture.width);
  const sides = scales.map((scale) => Math.round(scale * minSide));
  const groups = new Map<number, number[]>();
  windows.forEach(({ x1, y1, x2, y2 }, place) => {
    const side = chooseScale([x1, y1, x2, y2], minSide, { scales: sides, windowSize: WINDOW_SIDE });
    const group = groups.get(side);
    if (group) group.push(place);
    else groups.set(side, [place]);
  });
  return groups;
}

function resizedTo(picture: Plane, minSide: number): Plane {
  const factor = minSide / Math.min(picture.height, picture.width);
  return factor === 1
    ? picture
    : resample(picture, Math.round(picture.height * factor), Math.round(picture.width * factor));
}

function scaledBox({ x1, y1, x2, y2 }: Box, minSide: number, scale: number): Box {
  const [left, top, right, bottom] = scaleWindow([x1, y1, x2, y2], minSide, scale);
  return { x1: left, y1: top, x2: right, y2: bottom };
}
