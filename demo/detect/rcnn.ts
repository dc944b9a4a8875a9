/** R-CNN (Girshick et al. 2014): every window cut out, warped to one size, and put through the whole network. */
import * as tf from '@tensorflow/tfjs-core';
import { createPyramidPool, type PyramidPool, type Runtime } from 'pyramid-pool';
import type { Plane } from '../ink/plane.js';
import { resampleInto } from '../ink/resample.js';
import { sppForInference, sppForTraining } from '../train/spp-op.js';
import { type Box, heightOf, widthOf } from './box.js';
import type { Method } from './methods.js';
import { LEVELS, OUTPUTS } from './network.js';
import { timed } from './stopwatch.js';

/** Windows are warped to squares of this side. */
export const WARPED_SIDE = 48;

/** So many windows go through the network at once. */
const AT_ONCE = 50;

export async function createRcnn(runtime: Runtime): Promise<Method> {
  const pool = await createPyramidPool({ levels: LEVELS, layout: 'NHWC', runtime });
  return rcnnWith(pool);
}

function rcnnWith(pool: PyramidPool): Method {
  return {
    name: 'R-CNN',
    mined: 192,
    lesson: { withDigit: 32, without: 64 },
    keepsVectors: false,
    trained: (network) => network.weights,
    learn: (network, picture, windows) => sppForTraining(pool, network.features(warp(picture, windows))),
    async infer(network, picture, windows, { times, pause }) {
      const outputs = new Float32Array(windows.length * OUTPUTS);
      for (let done = 0; done < windows.length; done += AT_ONCE) {
        const some = windows.slice(done, done + AT_ONCE);
        tf.tidy(() => {
          const warped = timed(times, 'rest', () => warp(picture, some));
          const maps = timed(times, 'convolutions', () => network.features(warped));
          const vectors = timed(times, 'pooling', () => sppForInference(pool, maps));
          const values = timed(times, 'connected', () => network.head(vectors).dataSync<'float32'>());
          outputs.set(values, done * OUTPUTS);
        });
        await pause?.(Math.min(windows.length, done + AT_ONCE));
      }
      return outputs;
    },
  };
}

/** Each window as a square picture: `[count, WARPED_SIDE, WARPED_SIDE, 1]`. */
function warp(picture: Plane, windows: readonly Box[]): tf.Tensor4D {
  const area = WARPED_SIDE * WARPED_SIDE;
  const values = new Float32Array(windows.length * area);
  windows.forEach((window, i) => {
    const part = { top: window.y1, left: window.x1, height: heightOf(window), width: widthOf(window) };
    resampleInto(values.subarray(i * area, (i + 1) * area), picture, WARPED_SIDE, WARPED_SIDE, part);
  });
  return tf.tensor4d(values, [windows.length, WARPED_SIDE, WARPED_SIDE, 1]);
}
