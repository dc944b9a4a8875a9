/** SPP-net (He et al. 2014): convolutions once for the picture, windows pooled from the map; convolutions stay as they are. */
import * as tf from '@tensorflow/tfjs-core';
import { chooseScale, type RoiPyramidPool, type Runtime, scaleWindow } from 'pyramid-pool';
import type { Plane } from '../ink/plane.js';
import { resample } from '../ink/resample.js';
import type { Box } from './box.js';
import type { Method } from './methods.js';
import { CHANNELS, type DetectorNetwork } from './network.js';
import { pictureTensor } from './picture-tensor.js';
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
  const vectors = (network: DetectorNetwork, picture: Plane, windows: readonly Box[], times: Times) =>
    vectorsOf(network, pool, picture, windows, scales, times);
  return {
    name: scales.length === 1 ? 'SPP-net, one scale' : `SPP-net, ${scales.length} scales`,
    mined: 1000,
    lesson: { withDigit: 64, without: 128 },
    trained: (network) => network.headWeights,
    learn: (network, picture, windows) => vectors(network, picture, windows, noTimes()),
    infer: async (network, picture, windows, { times }) =>
      tf.tidy(() => {
        const pooled = vectors(network, picture, windows, times);
        return timed(times, 'connected', () => network.head(pooled).dataSync<'float32'>());
      }),
  };
}

/** A vector for each window, from the scale of the picture at which the window has the size nearest to `WINDOW_SIDE`. */
function vectorsOf(
  network: DetectorNetwork,
  pool: RoiPyramidPool,
  picture: Plane,
  windows: readonly Box[],
  scales: readonly number[],
  times: Times,
): tf.Tensor2D {
  const length = pool.vectorLength(CHANNELS);
  const rows = new Float32Array(windows.length * length);
  for (const [scale, places] of windowsByScale(picture, windows, scales)) {
    const resized = timed(times, 'rest', () => resizedTo(picture, scale));
    tf.tidy(() => {
      const map = timed(times, 'convolutions', () => network.features(pictureTensor(resized)));
      timed(times, 'pooling', () => {
        const minSide = Math.min(picture.height, picture.width);
        const scaled = places.map((place) => scaledBox(windows[place], minSide, scale));
        const vectors = poolRegions(pool, map, scaled).dataSync<'float32'>();
        places.forEach((place, i) => {
          rows.set(vectors.subarray(i * length, (i + 1) * length), place * length);
        });
      });
    });
  }
  return tf.tensor2d(rows, [windows.length, length]);
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
