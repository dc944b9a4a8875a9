/** The same windows without a pool of regions: each cut out of the map and pooled by a call of its own. */
import type { LevelBounds, PyramidPool, RoiPyramidPool } from 'pyramid-pool';
import type { Box } from '../../detect/box.js';
import type { FeatureMap } from '../net/feature-map.js';
import { inSlices } from './in-slices.js';

interface Cut {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Which cells of the map each window covers. */
export async function cutsOf(
  regions: RoiPyramidPool,
  { dims }: FeatureMap,
  windows: readonly Box[],
  signal: AbortSignal,
): Promise<Cut[]> {
  const [, , height, width] = dims;
  const cuts: Cut[] = [];
  const add = (i: number) => {
    const { x1, y1, x2, y2 } = windows[i];
    cuts.push(coverOf(regions.binBounds(height, width, [x1, y1, x2, y2])));
  };
  await inSlices(windows.length, add, signal);
  return cuts;
}

function coverOf(levels: readonly LevelBounds[]): Cut {
  const rows = levels.flatMap((level) => level.rows);
  const columns = levels.flatMap((level) => level.columns);
  const least = (bounds: typeof rows) => Math.min(...bounds.map(([start]) => start));
  const most = (bounds: typeof rows) => Math.max(...bounds.map(([, end]) => end));
  const [top, left] = [least(rows), least(columns)];
  return { top, left, height: most(rows) - top, width: most(columns) - left };
}

/** Fills one row a window, as the pool of regions gives them; the milliseconds that it takes. */
export function poolOneByOne(
  pool: PyramidPool,
  map: FeatureMap,
  cuts: readonly Cut[],
  vectors: Float32Array,
  signal: AbortSignal,
): Promise<number> {
  const work = (i: number) => {
    const { data } = pool.forward(cutOut(map, cuts[i]));
    vectors.set(data, i * data.length);
  };
  return inSlices(cuts.length, work, signal);
}

function cutOut(
  { data, dims: [, channels, mapHeight, mapWidth] }: FeatureMap,
  { top, left, height, width }: Cut,
): { data: Float32Array; dims: number[] } {
  const cells = new Float32Array(channels * height * width);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const from = (c * mapHeight + top + y) * mapWidth + left;
      // Rows are short: a view of each would cost more than its cells.
      for (let x = from; x < from + width; x++) cells[at++] = data[x];
    }
  }
  return { data: cells, dims: [1, channels, height, width] };
}

/** Throws unless both hold the same in each of so many rows, bit for bit. */
export async function expectSame(
  a: Float32Array,
  b: Float32Array,
  rows: number,
  signal: AbortSignal,
): Promise<void> {
  const length = a.length / rows;
  const compare = (row: number) => {
    for (let i = row * length; i < (row + 1) * length; i++) {
      if (!Object.is(a[i], b[i])) {
        throw new Error('Pooled one by one, the windows gave other vectors: this is a bug.');
      }
    }
  };
  await inSlices(rows, compare, signal);
}
