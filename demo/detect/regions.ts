/** Pools of regions for the detector's maps, as operations of tfjs. */
import * as tf from '@tensorflow/tfjs-core';
import {
  createRoiPyramidPool,
  type RoiPyramidPool,
  type RoiPyramidPoolOptions,
  type Runtime,
} from 'pyramid-pool';
import { type Box, toRois } from './box.js';
import { LEVELS, STEP } from './network.js';

export type Rule = 'spp-net' | 'roi-pool' | 'roi-align';

/** How each rule brings a window of the picture onto a map of half its size. */
const MAPPINGS: Record<Rule, Omit<RoiPyramidPoolOptions, 'levels'>> = {
  // The first cell stands for pixels 0 and 1; windows give nothing up at their sides.
  'spp-net': { rule: 'spp-net', offset0: (STEP - 1) / 2, offset: 0, step: STEP },
  'roi-pool': { rule: 'roi-pool', spatialScale: 1 / STEP },
  'roi-align': { rule: 'roi-align', spatialScale: 1 / STEP, samplingRatio: 2, aligned: true },
};

export function createRegions(rule: Rule, runtime: Runtime): Promise<RoiPyramidPool> {
  return createRoiPyramidPool({ ...MAPPINGS[rule], levels: LEVELS, layout: 'NHWC', runtime });
}

/** A vector for each window of a map. */
export function poolRegions(pool: RoiPyramidPool, map: tf.Tensor4D, windows: readonly Box[]): tf.Tensor2D {
  const { data, dims } = pool.forward(valuesOf(map), toRois(windows));
  return tf.tensor2d(data, [dims[0], dims[1]]);
}

/** The same, with the gradient with respect to the map. */
export function poolRegionsForTraining(
  pool: RoiPyramidPool,
  map: tf.Tensor4D,
  windows: readonly Box[],
): tf.Tensor2D {
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
