import { describeValue, fail } from '../arguments/checks.js';
import { checkMapSize } from '../arguments/feature-map.js';
import type { PlainTensor } from '../core/result-types.js';

/** Overlap of neighbouring regions of the first scale that is aimed at, from the paper. */
const OVERLAP = 0.4;

/** How many regions of the first scale may lie along the longer side. */
const COUNTS = [2, 3, 4, 5, 6, 7];

/** The paper has 3. A hundred scales are 340,000 regions. */
const MOST_SCALES = 100;

/**
 * The regions of R-MAC (Tolias, Sicre, Jégou: "Particular object retrieval with integral max-pooling of CNN activations", 2016): squares of
 * several scales over a map, with an overlap of about 40 %. Scale `l` has squares of `floor(2 * min(height, width) / (l + 1))` cells. They
 * are where the authors' code (`rmac_regionvec.m`) puts them. Scales whose squares would have no cell give none.
 *
 * The regions are in cells, for a pool of regions with `rule: 'roi-pool'` and `levels: [1]`.
 *
 * @param height of the map, in cells
 * @param width of the map, in cells
 * @param scales how many scales, from 1 to 100; the paper has 3
 * @returns regions `[K, 5]`, each `0, x1, y1, x2, y2` with the last cells included: scale by scale, each in row-major order
 * @example
 * ```js
 * import { createRoiPyramidPool, rmacRegions } from 'pyramid-pool';
 *
 * const pool = await createRoiPyramidPool({ levels: [1], rule: 'roi-pool' });
 * const map = { data: new Float32Array(256 * 20 * 30), dims: [1, 256, 20, 30] };
 * console.log(pool.forward(map, rmacRegions(20, 30, 3)).dims); // [ 20, 256 ]
 * ```
 * @throws `PyramidPoolError` with the code `invalid-dims` for a height or width that is none, `invalid-options` for such scales
 */
export function rmacRegions(height: number, width: number, scales: number): PlainTensor<'float32'> {
  checkMapSize(height, 'height');
  checkMapSize(width, 'width');
  if (!Number.isInteger(scales) || scales < 1 || scales > MOST_SCALES) {
    fail(
      'invalid-options',
      'scales',
      `is ${describeValue(scales)}`,
      `a whole number from 1 to ${MOST_SCALES}`,
    );
  }
  const more = moreAlong(Math.max(height, width), Math.min(height, width));
  const corners: number[] = [];
  for (let scale = 1; scale <= scales; scale++) {
    const side = Math.floor((2 * Math.min(height, width)) / (scale + 1));
    if (side === 0) break;
    const rows = placesOf(height, side, scale + (height > width ? more : 0));
    const columns = placesOf(width, side, scale + (width > height ? more : 0));
    for (const y of rows) for (const x of columns) corners.push(0, x, y, x + side - 1, y + side - 1);
  }
  const data = Float32Array.from(corners);
  return { type: 'float32', data, dims: [data.length / 5, 5], size: data.length };
}

/** How many more squares lie along the longer side than along the shorter one: those of the first scale are to overlap by 40 %. */
function moreAlong(longer: number, shorter: number): number {
  const misses = COUNTS.map((count) => {
    const step = (longer - shorter) / (count - 1);
    // In this order of operations, as ties are decided by rounding.
    return Math.abs((shorter ** 2 - shorter * step) / shorter ** 2 - OVERLAP);
  });
  return COUNTS[misses.indexOf(Math.min(...misses))]! - 1;
}

/** Where `count` squares begin along an axis of so many cells: evenly, rounded down. */
function placesOf(length: number, side: number, count: number): number[] {
  const step = count > 1 ? (length - side) / (count - 1) : 0;
  // The authors place the centres of squares, and go back from them by half a side.
  const half = Math.floor(side / 2 - 1);
  return Array.from({ length: count }, (_, i) => Math.floor(half + i * step) - half);
}
