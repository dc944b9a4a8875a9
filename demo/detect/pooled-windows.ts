/** The windows of one map, pooled a few at a time, so that their vectors are still in the processor's cache when they are used. */
import * as tf from '@tensorflow/tfjs-core';
import type { ResidentTensor, RoiPyramidPool } from 'pyramid-pool';
import { type Box, toRois } from './box.js';
import { type DetectorNetwork, OUTPUTS } from './network.js';
import { type Times, timed } from './stopwatch.js';

const AT_ONCE = 200;

/** What the network gives for each window of a map: `OUTPUTS` values each. */
export function outputsOf(
  network: DetectorNetwork,
  pool: RoiPyramidPool,
  map: tf.Tensor4D,
  windows: readonly Box[],
  times: Times,
): Float32Array {
  const outputs = new Float32Array(windows.length * OUTPUTS);
  const pooled = timed(times, 'pooling', () => new PooledWindows(pool, map));
  for (let done = 0; done < windows.length; done += AT_ONCE) {
    const some = windows.slice(done, done + AT_ONCE);
    tf.tidy(() => {
      const vectors = timed(times, 'pooling', () => pooled.vectorsOf(some));
      const values = timed(times, 'connected', () => network.head(vectors).dataSync<'float32'>());
      outputs.set(values, done * OUTPUTS);
    });
  }
  pooled.dispose();
  return outputs;
}

/** The map and the vectors are in the memory of the pool, where it reads and writes them without a copy. */
class PooledWindows {
  readonly #pool: RoiPyramidPool;
  readonly #map: ResidentTensor<'float32'>;
  #vectors: ResidentTensor<'float32'> | undefined;

  constructor(pool: RoiPyramidPool, map: tf.Tensor4D) {
    this.#pool = pool;
    this.#map = pool.runtime.tensor(map.shape);
    this.#map.data.set(map.dataSync<'float32'>());
  }

  vectorsOf(windows: readonly Box[]): tf.Tensor2D {
    const rois = toRois(windows);
    const dims: [number, number] = [windows.length, this.#pool.vectorLength(this.#map.dims[3])];
    if (this.#vectors?.dims[0] !== windows.length) {
      this.#vectors?.dispose();
      this.#vectors = this.#pool.runtime.tensor(dims);
    }
    this.#pool.forward(this.#map, rois, { out: this.#vectors });
    return tf.tensor2d(this.#vectors.data, dims);
  }

  dispose(): void {
    this.#map.dispose();
    this.#vectors?.dispose();
  }
}
