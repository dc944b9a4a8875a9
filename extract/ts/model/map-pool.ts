import { createPyramidPool, createRoiPyramidPool, type Runtime, rmacRegions } from 'pyramid-pool';
import type { Pooling } from '../core/settings.js';
import { aggregateRegions } from './rmac.js';

/** A feature map `[1, channels, height, width]`. */
export interface FeatureMap {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Makes a vector of a map of any height and width. */
export type MapPool = (map: FeatureMap) => Float32Array;

/** The pool of a run, for maps that do not go through a model's own. */
export async function createMapPool(pooling: Pooling, runtime: Runtime): Promise<MapPool> {
  if (pooling.kind === 'pyramid') {
    const { levels, reduction } = pooling;
    const pool = await createPyramidPool({ levels, reduction, runtime });
    return (map) => pool.forward(map).data;
  }
  if (pooling.kind === 'rmac') {
    const pool = await createRoiPyramidPool({ levels: [1], rule: 'roi-pool', runtime });
    return (map) => {
      const [, channels, height, width] = map.dims as [number, number, number, number];
      const regions = rmacRegions(height, width, pooling.scales);
      return aggregateRegions(pool.forward(map, regions).data, channels);
    };
  }
  throw new Error('a model pools by itself');
}
