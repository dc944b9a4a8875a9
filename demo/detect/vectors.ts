/** From a picture and its windows to a vector for each window: convolutions once for each scale, then windows pooled from the maps. */
import * as tf from '@tensorflow/tfjs-core';
import type { Plane } from '../ink/plane.js';
import type { Box } from './box.js';
import type { DetectorNetwork } from './network.js';
import { pictureTensor } from './picture-tensor.js';
import type { Regions } from './regions.js';
import { groupByScale, type Scales, scaledBox, shorterSide } from './scales.js';
import { type Times, timed } from './stopwatch.js';

export interface VectorOptions {
  readonly network: DetectorNetwork;
  readonly regions: Regions;
  readonly times: Times;
  /** Where it is left out, all windows are pooled from the picture as it is. */
  readonly scales?: Scales | undefined;
  /** Called with the map of each scale: `[1, height, width, CHANNELS]`. It is gone afterwards. */
  readonly onMap?: ((map: tf.Tensor4D) => void) | undefined;
}

/** A vector for each window of a picture. */
export function vectorsOfWindows(
  picture: Plane,
  windows: readonly Box[],
  options: VectorOptions,
): tf.Tensor2D {
  const { regions, times, scales } = options;
  if (scales) return vectorsAtScales(picture, windows, { ...options, scales });
  return tf.tidy(() => {
    const map = mapOf(picture, options);
    return timed(times, 'pooling', () => regions.pool(map, windows));
  });
}

/** Each window is pooled from the map of the scale that is chosen for it. */
function vectorsAtScales(
  picture: Plane,
  windows: readonly Box[],
  options: VectorOptions & { readonly scales: Scales },
): tf.Tensor2D {
  const { regions, times, scales } = options;
  const groups = timed(times, 'rest', () => groupByScale(windows, picture, scales.sides));
  const { length } = regions;
  const rows = new Float32Array(windows.length * length);
  for (const [side, places] of groups) {
    const resized = timed(times, 'rest', () => scales.at(side));
    tf.tidy(() => {
      const map = mapOf(resized, options);
      if (places.length === 0) return;
      timed(times, 'pooling', () => {
        const boxes = places.map((place) => scaledBox(windows[place], shorterSide(picture), side));
        const vectors = regions.poolValues(map, boxes);
        places.forEach((place, i) => {
          rows.set(vectors.subarray(i * length, (i + 1) * length), place * length);
        });
      });
    });
  }
  return timed(times, 'pooling', () => tf.tensor2d(rows, [windows.length, length]));
}

function mapOf(picture: Plane, { network, times, onMap }: VectorOptions): tf.Tensor4D {
  const map = timed(times, 'convolutions', () => network.features(pictureTensor(picture)));
  onMap?.(map);
  return map;
}
