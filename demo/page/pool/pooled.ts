import type { LevelBounds, PyramidPool } from 'pyramid-pool';
import type { FeatureMap } from '../net/feature-map.js';
import { VectorLayout } from '../ui/vector-layout.js';

/** A feature map, its pooled vector, and the cells that each bin read. */
export interface Pooled {
  readonly pool: PyramidPool;
  readonly map: FeatureMap;
  readonly height: number;
  readonly width: number;
  readonly layout: VectorLayout;
  readonly levels: readonly LevelBounds[];
  readonly vector: Float32Array;
  /** Where the maximum of each value stands: `row * width + column`. */
  readonly indices: Int32Array;
}

export async function poolMap(pool: PyramidPool, map: FeatureMap): Promise<Pooled> {
  const [, channels, height, width] = map.dims;
  const levels = pool.binBounds(height, width);
  const { output, indices } = await pool.forwardWithIndicesAsync(map);
  const layout = new VectorLayout(levels, channels);
  return { pool, map, height, width, layout, levels, vector: output.data, indices: indices.data };
}

/** One channel of a feature map. */
export function channelOf({ data, dims: [, , height, width] }: FeatureMap, channel: number): Float32Array {
  return data.subarray(channel * height * width, (channel + 1) * height * width);
}

/** Sends a gradient back through the pool; the result has the shape of the map. */
export async function sendBack(pooled: Pooled, gradOutput: Float32Array): Promise<Float32Array> {
  const dims = [1, pooled.layout.length];
  const indices = { data: pooled.indices, dims };
  const context = { dims: pooled.map.dims, indices };
  return (await pooled.pool.backwardAsync({ data: gradOutput, dims }, context)).data;
}
