/** Fast R-CNN (Girshick 2015): as SPP-net, but what the windows teach goes on through the pooling into the convolutions. */
import * as tf from '@tensorflow/tfjs-core';
import type { Runtime } from 'pyramid-pool';
import type { Method } from './methods.js';
import { pictureTensor } from './picture-tensor.js';
import { Regions, type Rule } from './regions.js';
import { timed } from './stopwatch.js';
import { takeValues } from './take-values.js';
import { vectorsOfWindows } from './vectors.js';

export async function createFastRcnn(runtime: Runtime, rule: Exclude<Rule, 'spp-net'>): Promise<Method> {
  const regions = await Regions.create(rule, runtime);
  return {
    name: `Fast R-CNN, ${rule}`,
    mined: 1000,
    lesson: { withDigit: 64, without: 128 },
    keepsVectors: false,
    trained: (network) => network.weights,
    learn: (network, picture, windows) =>
      regions.poolForTraining(network.features(pictureTensor(picture)), windows),
    async infer(network, picture, windows, { times, scales, onMap }) {
      const outputs = tf.tidy(() => {
        const vectors = vectorsOfWindows(picture, windows, { network, regions, times, scales, onMap });
        return timed(times, 'connected', () => network.head(vectors));
      });
      return timed(times, 'connected', () => takeValues(outputs));
    },
  };
}
