/** Pools of regions for the detector's maps. */
import * as tf from '@tensorflow/tfjs-core';
import {
  createRoiPyramidPool,
  type ResidentTensor,
  type RoiPyramidPool,
  type RoiPyramidPoolOptions,
  type Runtime,
} from 'pyramid-pool';
import { type Box, toRois } from './box.js';
import { CHANNELS, LEVELS, STEP } from './network.js';

export type Rule = 'spp-net' | 'roi-pool' | 'roi-align';

/** How each rule brings a window of the picture onto a map of half its size. */
const MAPPINGS: Record<Rule, Omit<RoiPyramidPoolOptions, 'levels'>> = {
  // The first cell stands for pixels 0 and 1; windows give nothing up at their sides.
  'spp-net': { rule: 'spp-net', offset0: (STEP - 1) / 2, offset: 0, step: STEP },
  'roi-pool': { rule: 'roi-pool', spatialScale: 1 / STEP },
  'roi-align': { rule: 'roi-align', spatialScale: 1 / STEP, samplingRatio: 2, aligned: true },
};

/** A pool of the regions of maps, as operations of tfjs. */
export class Regions {
  readonly #pool: RoiPyramidPool;
  readonly #runtime: Runtime;
  /** Vectors are written where those before them were: a new array of ten megabytes for each map would cost as much as a third of the pooling. */
  #vectors: ResidentTensor<'float32'> | undefined;

  private constructor(pool: RoiPyramidPool, runtime: Runtime) {
    this.#pool = pool;
    this.#runtime = runtime;
  }

  static async create(rule: Rule, runtime: Runtime): Promise<Regions> {
    const pool = await createRoiPyramidPool({ ...MAPPINGS[rule], levels: LEVELS, layout: 'NHWC', runtime });
    return new Regions(pool, runtime);
  }

  /** The length of a vector. */
  get length(): number {
    return this.#pool.vectorLength(CHANNELS);
  }

  /** A vector for each window of a map. */
  pool(map: tf.Tensor4D, windows: readonly Box[]): tf.Tensor2D {
    return tf.tensor2d(this.poolValues(map, windows), [windows.length, this.length]);
  }

  /** The same as plain values. They are there until the next call. */
  poolValues(map: tf.Tensor4D, windows: readonly Box[]): Float32Array {
    const out = this.#roomFor(windows.length);
    this.#pool.forward(valuesOf(map), toRois(windows), { out });
    return out.data;
  }

  #roomFor(count: number): ResidentTensor<'float32'> {
    if (this.#vectors?.dims[0] !== count) {
      this.#vectors?.dispose();
      this.#vectors = this.#runtime.tensor([count, this.length]);
    }
    return this.#vectors;
  }

  /** A vector for each window, with the gradient with respect to the map. */
  poolForTraining(map: tf.Tensor4D, windows: readonly Box[]): tf.Tensor2D {
    const pool = this.#pool;
    const rois = toRois(windows);
    const dims = map.shape;
    const operation = tf.customGrad((x) => {
      const { output, context } = forwardForBackward(pool, valuesOf(x as tf.Tensor), rois);
      const gradFunc = (gradOutput: tf.Tensor): tf.Tensor =>
        tf.tensor(pool.backward(valuesOf(gradOutput), { dims, ...context }).data, dims);
      return { value: tf.tensor2d(output.data, [output.dims[0], output.dims[1]]), gradFunc };
    });
    return operation(map);
  }
}

/** Maxima have to remember where they came from; averages do not. */
function forwardForBackward(pool: RoiPyramidPool, map: Values, rois: Values) {
  if (pool.options.rule === 'roi-align') return { output: pool.forward(map, rois), context: { rois } };
  const { output, indices } = pool.forwardWithIndices(map, rois);
  return { output, context: { rois, indices } };
}

interface Values {
  readonly data: Float32Array;
  readonly dims: number[];
}

function valuesOf(tensor: tf.Tensor): Values {
  return { data: tensor.dataSync<'float32'>(), dims: tensor.shape };
}
