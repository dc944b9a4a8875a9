/** The pyramid in tfjs on its WASM backend: plain max pooling where that has the bins, else a slice for each bin. */
import * as tf from '@tensorflow/tfjs-core';
import type { Engine } from '../../../../test/bench/core/index.js';
import { outputFromNhwc, toNhwc } from '../../../../test/bench/core/layout.js';
import type { OnLoading } from '../../net/ort.js';
import { loadTfjs } from '../../net/tfjs.js';
import { adaptiveAxis } from './windows.js';

export function tfjsEngine(onLoading: OnLoading): Engine {
  let started: Promise<void> | undefined;
  return {
    name: 'tfjs-wasm',
    kind: 'peer',
    about: 'tfjs on its WASM backend, one thread, NHWC',
    async prepare({ case: c, operation, maps }) {
      if (operation !== 'forward') return undefined;
      started ??= loadTfjs(onLoading);
      await started;
      const [batch, channels, height, width] = c.dims;
      const inputs = maps.map((map) => tf.tensor4d(toNhwc(map, c), [batch, height, width, channels]));
      let latest: tf.Tensor | undefined;
      return {
        run(turn) {
          latest?.dispose();
          latest = tf.tidy(() => pyramid(inputs[turn % inputs.length], c.levels));
        },
        answer: () => [outputFromNhwc(latest?.dataSync<'float32'>() ?? new Float32Array(), c)],
        dispose: () => tf.dispose(latest ? [...inputs, latest] : inputs),
      };
    },
  };
}

function pyramid(map: tf.Tensor4D, levels: readonly number[]): tf.Tensor {
  const [batch] = map.shape;
  return tf.concat(
    levels.map((n) => tf.reshape(poolLevel(map, n), [batch, -1])),
    1,
  );
}

function poolLevel(map: tf.Tensor4D, n: number): tf.Tensor {
  const [batch, height, width, channels] = map.shape;
  const [rows, columns] = [adaptiveAxis(height, n), adaptiveAxis(width, n)];
  if (rows.pooling && columns.pooling) {
    const { kernel, stride } = rows.pooling;
    return tf.maxPool(map, [kernel, columns.pooling.kernel], [stride, columns.pooling.stride], 'valid');
  }
  const bins = rows.bins.flatMap(([top, bottom]) =>
    columns.bins.map(([left, right]) =>
      tf.max(tf.slice4d(map, [0, top, left, 0], [batch, bottom - top, right - left, channels]), [1, 2]),
    ),
  );
  return tf.stack(bins, 1);
}
