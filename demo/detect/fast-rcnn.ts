/** Fast R-CNN (Girshick 2015): as SPP-net, but what the windows teach goes on through the pooling into the convolutions. */
import * as tf from '@tensorflow/tfjs-core';
import type { Runtime } from 'pyramid-pool';
import type { Method } from './methods.js';
import { pictureTensor } from './picture-tensor.js';
import { createRegions, poolRegions, poolRegionsForTraining, type Rule } from './regions.js';
import { timed } from './stopwatch.js';

export async function createFastRcnn(runtime: Runtime, rule: Exclude<Rule, 'spp-net'>): Promise<Method> {
  const pool = await createRegions(rule, runtime);
  return {
    name: `Fast R-CNN, ${rule}`,
    mined: 1000,
    lesson: { withDigit: 64, without: 128 },
    trained: (network) => network.weights,
    learn: (network, picture, windows) =>
      poolRegionsForTraining(pool, network.features(pictureTensor(picture)), windows),
    infer: async (network, picture, windows, { times, onMap }) =>
      tf.tidy(() => {
        const map = timed(times, 'convolutions', () => network.features(pictureTensor(picture)));
        onMap?.(map);
        const vectors = timed(times, 'pooling', () => poolRegions(pool, map, windows));
        return timed(times, 'connected', () => network.head(vectors).dataSync<'float32'>());
      }),
  };
}
