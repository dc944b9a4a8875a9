import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Case } from '../core/case.js';
import type { Engine, PreparedEngine } from '../core/index.js';
import { outputFromNhwc, toNhwc } from '../core/layout.js';
import { bins, slides } from './windows.js';

const require = createRequire(import.meta.url);

/** TensorFlow.js on its WASM backend, NHWC as it demands. */
export const tfjs: Engine = {
  name: 'tfjs-wasm',
  kind: 'peer',
  about: 'TensorFlow.js, maxPool where its windows are the bins, else slice and max for each bin',
  async prepare({ case: c, operation, maps }): Promise<PreparedEngine | undefined> {
    if (operation !== 'forward' || c.regions) return undefined;
    await start();
    const [batch, channels, height, width] = c.dims;
    const inputs = maps.map((map) => tf.tensor4d(toNhwc(map, c), [batch, height, width, channels]));
    const pool = slides(c) ? slidingPool : slicedPool;
    let output: tf.Tensor | undefined;
    return {
      run(turn) {
        output?.dispose();
        output = tf.tidy(() => tf.concat(pool(inputs[turn % inputs.length]!, c), 1));
      },
      answer: () => [outputFromNhwc(output?.dataSync() as Float32Array, c)],
      dispose() {
        output?.dispose();
        tf.dispose(inputs);
      },
    };
  },
};

let started: Promise<boolean> | undefined;

function start(): Promise<boolean> {
  const root = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  setWasmPaths(join(root, 'wasm-out') + sep);
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  started ??= tf.setBackend('wasm');
  return started;
}

/** Each level as `[N, n * n * C]`. */
function slidingPool(x: tf.Tensor4D, { dims: [batch, , height, width], levels }: Case): tf.Tensor2D[] {
  return levels.map((n) => {
    const both = (f: (size: number) => number): [number, number] => [f(height / n), f(width / n)];
    return tf.reshape(tf.maxPool(x, both(Math.ceil), both(Math.floor), 'valid'), [batch, -1]);
  });
}

function slicedPool(x: tf.Tensor4D, { dims: [batch, channels, height, width], levels }: Case): tf.Tensor2D[] {
  return levels.flatMap((n) =>
    bins(height, n).flatMap(([top, bottom]) =>
      bins(width, n).map(([left, right]) => {
        const size: [number, number, number, number] = [batch, bottom - top, right - left, channels];
        return tf.max(tf.slice(x, [0, top, left, 0], size), [1, 2]) as tf.Tensor2D;
      }),
    ),
  );
}
