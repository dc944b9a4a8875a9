/** SPP-net (He et al. 2014): convolutions once for the picture, windows pooled from the map; convolutions stay as they are. */
import * as tf from '@tensorflow/tfjs-core';
import type { Runtime } from 'pyramid-pool';
import type { Plane } from '../ink/plane.js';
import type { Box } from './box.js';
import type { InferOptions, Method } from './methods.js';
import type { DetectorNetwork } from './network.js';
import { Regions } from './regions.js';
import { scaledBy } from './scales.js';
import { noTimes, timed } from './stopwatch.js';
import { takeValues } from './take-values.js';
import { vectorsOfWindows } from './vectors.js';

/** The picture as it is. */
export const ONE_SCALE = [1];

/** Five scales of the picture, one to another as the paper's 480, 576, 688, 864 and 1200. */
export const FIVE_SCALES = [480, 576, 688, 864, 1200].map((side) => side / 688);

export async function createSppNet(
  runtime: Runtime,
  factors: readonly number[] = ONE_SCALE,
): Promise<Method> {
  const regions = await Regions.create('spp-net', runtime);
  const isOne = factors.length === 1;
  const vectors = (
    network: DetectorNetwork,
    picture: Plane,
    windows: readonly Box[],
    { times, scales, onMap }: InferOptions,
  ) =>
    vectorsOfWindows(picture, windows, {
      network,
      regions,
      times,
      onMap,
      scales: scales ?? (isOne ? undefined : scaledBy(picture, factors)),
    });
  return {
    name: isOne ? 'SPP-net, one scale' : `SPP-net, ${factors.length} scales`,
    mined: 1000,
    lesson: { withDigit: 64, without: 128 },
    keepsVectors: true,
    trained: (network) => network.headWeights,
    learn: (network, picture, windows) => vectors(network, picture, windows, { times: noTimes() }),
    async infer(network, picture, windows, options) {
      const outputs = tf.tidy(() => {
        const pooled = vectors(network, picture, windows, options);
        return timed(options.times, 'connected', () => network.head(pooled));
      });
      return timed(options.times, 'connected', () => takeValues(outputs));
    },
  };
}
