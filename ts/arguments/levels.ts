import { PyramidPoolError } from '../core/errors.js';
import { describeValue, fail, MOST_COUNTED, mapList } from './checks.js';

/** One level of a pyramid: `n` by `n` bins, or `[nh, nw]`. */
export type Level = number | readonly [rows: number, columns: number];

/** A level as rows and columns of bins. */
export type Grid = readonly [rows: number, columns: number];

/** Which level follows from which is looked for among all of them. */
const MOST_LEVELS = 4096;

/**
 * Levels as the caller gave them, checked, and copied so that nothing can change them afterwards. Along one axis `n` is one
 * row of `n` bins.
 */
export function checkLevels(levels: unknown, path: string, spatialDims: 1 | 2 = 2): readonly Grid[] {
  if (!Array.isArray(levels) || levels.length === 0) {
    fail('invalid-levels', path, `is ${describeValue(levels)}`, 'an array of levels, such as [4, 2, 1]');
  }
  const read = (level: unknown, i: number) => checkLevel(level, `${path}[${i}]`, spatialDims);
  const grids = mapList(levels, path, 'invalid-levels', read, MOST_LEVELS);
  if (countBins(grids) > MOST_COUNTED) {
    throw new PyramidPoolError(
      'invalid-levels',
      `${path} has ${countBins(grids)} bins, but must have at most ${MOST_COUNTED}`,
    );
  }
  return Object.freeze(grids);
}

function checkLevel(level: unknown, path: string, spatialDims: 1 | 2): Grid {
  const isPair = spatialDims === 2 && Array.isArray(level) && level.length === 2;
  const pair = isPair ? [level[0], level[1]] : [spatialDims === 1 ? 1 : level, level];
  const isCount = (n: unknown) => typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= MOST_COUNTED;
  if (!pair.every(isCount)) {
    const must = `a whole number from 1 to ${MOST_COUNTED}`;
    fail(
      'invalid-levels',
      path,
      `is ${describeValue(level)}`,
      spatialDims === 1 ? must : `${must}, or two of them: [rows, columns]`,
    );
  }
  return Object.freeze(pair as [number, number]);
}

/** Values that a pyramid makes of one channel. */
export function countBins(levels: readonly Grid[]): number {
  return levels.reduce((sum, [rows, columns]) => sum + rows * columns, 0);
}
