/** The same windows without a pool of regions: each cut out of the map and pooled by a call of its own. */
import type { LevelBounds, PyramidPool, RoiPyramidPool } from 'pyramid-pool';
import type { FeatureMap } from '../net/backbone.js';
import type { Window } from './proposals.js';

interface Cut {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Which cells of the map each window covers. */
export function cutsOf(regions: RoiPyramidPool, { dims }: FeatureMap, windows: readonly Window[]): Cut[] {
  const [, , height, width] = dims;
  return windows.map(({ x1, y1, x2, y2 }) => coverOf(regions.binBounds(height, width, [x1, y1, x2, y2])));
}

function coverOf(levels: readonly LevelBounds[]): Cut {
  const rows = levels.flatMap((level) => level.rows);
  const columns = levels.flatMap((level) => level.columns);
  const least = (bounds: typeof rows) => Math.min(...bounds.map(([start]) => start));
  const most = (bounds: typeof rows) => Math.max(...bounds.map(([, end]) => end));
  const [top, left] = [least(rows), least(columns)];
  return { top, left, height: most(rows) - top, width: most(columns) - left };
}

/** One row a window, as the pool of regions gives them. */
export function poolOneByOne(pool: PyramidPool, map: FeatureMap, cuts: readonly Cut[]): Float32Array {
  const rows = cuts.map((cut) => pool.forward(cutOut(map, cut)).data);
  const length = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * length);
  rows.forEach((row, i) => {
    all.set(row, i * length);
  });
  return all;
}

function cutOut(
  { data, dims: [, channels, mapHeight, mapWidth] }: FeatureMap,
  { top, left, height, width }: Cut,
): { data: Float32Array; dims: number[] } {
  const cells = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const from = (c * mapHeight + top + y) * mapWidth + left;
      cells.set(data.subarray(from, from + width), (c * height + y) * width);
    }
  }
  return { data: cells, dims: [1, channels, height, width] };
}

/** Bit for bit. */
export function areSame(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
