/** Regions of R-MAC, beside what the authors' code gives. */
import { createRoiPyramidPool, rmacRegions } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { expectError, wrong } from './expect-error.js';

/** The regions of a map as rows: x1, y1, x2, y2. */
function rowsOf(height: number, width: number, scales: number): number[][] {
  const { data, dims } = rmacRegions(height, width, scales);
  expect(dims[1]).toBe(5);
  return Array.from({ length: dims[0]! }, (_, i) => {
    const [item, ...corners] = data.subarray(5 * i, 5 * i + 5);
    expect(item).toBe(0);
    return corners;
  });
}

test('squares of the first scale are as high as the map, those of later ones smaller', () => {
  expect(rowsOf(6, 9, 2)).toEqual([
    ...[0, 3].map((x) => [x, 0, x + 5, 5]),
    ...[0, 2].flatMap((y) => [0, 2, 5].map((x) => [x, y, x + 3, y + 3])),
  ]);
  expect(rowsOf(9, 6, 1)).toEqual([0, 3].map((y) => [0, y, 5, y + 5]));
});

test('a square map has one region of the first scale', () => {
  expect(rowsOf(4, 4, 1)).toEqual([[0, 0, 3, 3]]);
  expect(rowsOf(4, 4, 3).length).toBe(1 + 4 + 9);
});

test('scales whose squares have no cell give none', () => {
  expect(rowsOf(1, 5, 3)).toEqual([0, 0, 1, 2, 2, 3, 4].map((x) => [x, 0, x, 0]));
  expect(rowsOf(1, 1, 100)).toEqual([[0, 0, 0, 0]]);
});

test('the authors code, in NumPy, gave the same for all maps up to 40 by 40', () => {
  let [count, sum] = [0, 0];
  for (let height = 1; height <= 40; height++) {
    for (let width = 1; width <= 40; width++) {
      for (const row of rowsOf(height, width, 4)) {
        count++;
        for (const corner of row) sum = (Math.imul(sum, 31) + corner) >>> 0;
      }
    }
  }
  expect({ count, sum }).toEqual({ count: 81869, sum: 3988334560 });
});

test('a pool of regions takes the maximum of each', async () => {
  const pool = await createRoiPyramidPool({ levels: [1], rule: 'roi-pool' });
  const [height, width] = [7, 12];
  const map = {
    data: Float32Array.from({ length: 2 * height * width }, (_, i) => Math.sin(i * i)),
    dims: [1, 2, height, width],
  };
  const rows = rowsOf(height, width, 3);
  const { data, dims } = pool.forward(map, rmacRegions(height, width, 3));
  expect(dims).toEqual([rows.length, 2]);
  const expected = rows.flatMap(([x1, y1, x2, y2]) =>
    [0, 1].map((channel) => {
      let most = -Infinity;
      for (let y = y1!; y <= y2!; y++) {
        for (let x = x1!; x <= x2!; x++) {
          most = Math.max(most, map.data[(channel * height + y) * width + x]!);
        }
      }
      return most;
    }),
  );
  expect([...data]).toEqual(expected);
});

describe('a wrong argument is named', () => {
  test.each([
    ['invalid-dims', 'height is 0', () => rmacRegions(0, 4, 3)],
    ['invalid-dims', "width is '4'", () => rmacRegions(4, wrong('4'), 3)],
    ['invalid-options', 'scales is 0, but must be a whole number from 1 to 100', () => rmacRegions(4, 4, 0)],
    ['invalid-options', 'scales is 101', () => rmacRegions(4, 4, 101)],
    ['invalid-options', 'scales is [1, 2]', () => rmacRegions(4, 4, wrong([1, 2]))],
  ] as const)('%s: %s', async (code, words, call) => {
    await expectError(call, code, words);
  });
});
