/** What docs/migrating.md says of other libraries, by small references of their rules. */
import { createPyramidPool, createRoiPyramidPool } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { useRuntime } from './runtimes.js';

const runtime = useRuntime({ variant: 'simd' });

const nine = { data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), dims: [1, 3, 3] };

type Cell = (row: number, column: number) => number;
const cellOf =
  (data: Float32Array, width: number): Cell =>
  (row, column) =>
    data[row * width + column] as number;

/** All cells of a window that are on the map. */
function windowOf(cell: Cell, rows: [number, number], columns: [number, number], size: number): number[] {
  const cells: number[] = [];
  for (let row = Math.max(rows[0], 0); row < Math.min(rows[1], size); row++)
    for (let column = Math.max(columns[0], 0); column < Math.min(columns[1], size); column++)
      cells.push(cell(row, column));
  return cells;
}

/** A level over a square plane, where `window` gives the start and the end of a bin. */
function level(
  data: Float32Array,
  size: number,
  n: number,
  window: (i: number) => [number, number],
  reduce: (cells: number[]) => number,
): number[] {
  const cell = cellOf(data, size);
  const bins = Array.from({ length: n * n }, (_, i) => [Math.floor(i / n), i % n] as const);
  return bins.map(([row, column]) => reduce(windowOf(cell, window(row), window(column), size)));
}

const greatest = (cells: number[]) => Math.max(...cells);
const mean = (cells: number[]) => cells.reduce((a, b) => a + b) / cells.length;

/** TF Addons: averages of equal parts, over what is left when the rest is cropped. */
const addons = (data: Float32Array, size: number, n: number) => {
  const part = Math.floor(size / n);
  return level(data, size, n, (i) => [i * part, (i + 1) * part], mean);
};

/** Windows of ceil(size / n), after a padding of what they need beyond the size. */
const padded = (pad: (rest: number) => number) => (data: Float32Array, size: number, n: number) => {
  const kernel = Math.ceil(size / n);
  const before = pad(kernel * n - size);
  return level(data, size, n, (i) => [i * kernel - before, (i + 1) * kernel - before], greatest);
};
const chainer = padded((rest) => Math.floor(rest / 2));
const caffe = padded((rest) => Math.floor((rest + 1) / 2));

test('averages of TF Addons are other ones where sizes do not divide, and the same where they do', async () => {
  const options = { reduction: 'average', layout: 'NHWC', runtime: runtime() } as const;
  expect(addons(nine.data, 3, 2)).toEqual([1, 2, 4, 5]);
  using two = await createPyramidPool({ levels: [2], ...options });
  expect([...two.forward({ data: nine.data, dims: [3, 3, 1] }).data]).toEqual([3, 4, 6, 7]);
  const data = Float32Array.from({ length: 144 }, (_, i) => (i * 37) % 64);
  for (const n of [1, 2, 3, 4, 6, 12]) {
    using pool = await createPyramidPool({ levels: [n], ...options });
    const { data: averages } = pool.forward({ data, dims: [12, 12, 1] });
    addons(data, 12, n).forEach((value, i) => {
      expect(averages[i]).toBeCloseTo(value, 4);
    });
  }
});

test('padded bins are those of Caffe, and Chainer pads the other way', async () => {
  expect(chainer(nine.data, 3, 2)).toEqual([5, 6, 8, 9]);
  expect(caffe(nine.data, 3, 2)).toEqual([1, 3, 7, 9]);
  for (const [size, n] of [
    [3, 2],
    [13, 4],
    [13, 5],
    [10, 3],
  ] as const) {
    const data = Float32Array.from({ length: size * size }, (_, i) => (i * 37) % 101);
    using pool = await createPyramidPool({ levels: [n], bins: 'padded', runtime: runtime() });
    expect([...pool.forward({ data, dims: [1, size, size] }).data]).toEqual(caffe(data, size, n));
  }
});

test('half-open boxes that begin with y give what Chainer gives for whole cells', async () => {
  const data = Float32Array.from({ length: 64 }, (_, i) => (i * 37) % 64);
  const n = 3;
  using pool = await createRoiPyramidPool({ levels: [n], runtime: runtime() });
  for (const [y1, x1, y2, x2] of [
    [0, 0, 8, 8],
    [1, 2, 6, 5],
    [3, 3, 4, 4],
    [2, 0, 4, 7],
  ] as const) {
    const bin = (start: number, end: number, i: number): [number, number] => {
      const length = end - start;
      return [start + Math.floor((i * length) / n), start + Math.ceil(((i + 1) * length) / n)];
    };
    const expected = Array.from({ length: n * n }, (_, i) =>
      greatest(windowOf(cellOf(data, 8), bin(y1, y2, Math.floor(i / n)), bin(x1, x2, i % n), 8)),
    );
    const rois = { data: Float32Array.of(0, x1, y1, x2 - 1, y2 - 1), dims: [1, 5] };
    expect([...pool.forward({ data, dims: [1, 8, 8] }, rois).data]).toEqual(expected);
  }
});

test('half of a cell is rounded away from zero', async () => {
  using pool = await createRoiPyramidPool({ levels: [1], spatialScale: 0.5, runtime: runtime() });
  const [bounds] = pool.binBounds(8, 8, [1, 5, 5, 9]);
  expect(bounds).toEqual({ rows: [[3, 6]], columns: [[1, 4]] });
});

test('a bin of a region without a number to select', async () => {
  using pool = await createRoiPyramidPool({ levels: [1], runtime: runtime() });
  const rois = { data: Float32Array.of(0, 0, 0, 1, 0), dims: [1, 5] };
  for (const cell of [Number.NaN, Number.NEGATIVE_INFINITY]) {
    const map = { data: Float32Array.of(cell, cell), dims: [1, 1, 2] };
    const { output, indices } = pool.forwardWithIndices(map, rois);
    expect([output.data[0], indices.data[0]]).toEqual([-3.4028234663852886e38, -1]);
  }
  const some = { data: Float32Array.of(Number.NaN, 2), dims: [1, 1, 2] };
  expect(pool.forward(some, rois).data[0]).toBe(2);
});

test('layers trained behind Lasagne fit, by either of its implementations', async () => {
  const [size, levels, planes] = [13, [4, 2, 1], 2];
  const data = Float32Array.from({ length: planes * size * size }, (_, i) => (i * 37) % 101);
  const cells = (plane: number) => data.subarray(plane * size * size, (plane + 1) * size * size);
  const windows = {
    sliding: (n: number, i: number) => {
      const first = i * Math.floor(size / n);
      return [first, first + Math.ceil(size / n)] as [number, number];
    },
    adaptive: (n: number, i: number) =>
      [Math.floor((i / n) * size), Math.ceil(((i + 1) / n) * size)] as [number, number],
  };
  for (const bins of ['sliding', 'adaptive'] as const) {
    const expected = [0, 1].flatMap((plane) =>
      levels.flatMap((n) => level(cells(plane), size, n, (i) => windows[bins](n, i), greatest)),
    );
    using pool = await createPyramidPool({ levels, bins, outputOrder: 'channels', runtime: runtime() });
    expect([...pool.forward({ data, dims: [planes, size, size] }).data]).toEqual(expected);
  }
  // Its 'kaiming' computes the bounds in floating point.
  expect(Math.floor((7 / 10) * 90)).toBe(62);
  using pool = await createPyramidPool({ levels: [10], runtime: runtime() });
  expect(pool.binBounds(90, 90)[0]!.rows[7]![0]).toBe(63);
});

test('memory of MATLAB, given as it is, gives what vl_nnroipool of MatConvNet gives', async () => {
  const [height, width, channels, items] = [7, 9, 2, 2];
  const data = Float32Array.from({ length: items * channels * width * height }, (_, i) => (i * 37) % 101);
  const [tilesDown, tilesAcross, scale] = [2, 3, 0.5];
  const regions = [
    [1, 1, 1, 17, 13],
    [2, 4, 3, 11, 12],
    [2, 5, 2, 5, 2],
  ] as const;
  const expected = regions.flatMap(([item, left, top, right, bottom]) => {
    const cell = (position: number) => Math.round(scale * (position - 1) + 1) - 1;
    const bin = (start: number, end: number, n: number, i: number): [number, number] => {
      const length = cell(end) - cell(start) + 1;
      return [cell(start) + Math.floor((i * length) / n), cell(start) + Math.ceil(((i + 1) * length) / n)];
    };
    const values: number[] = [];
    for (let channel = 0; channel < channels; channel++)
      for (let across = 0; across < tilesAcross; across++)
        for (let down = 0; down < tilesDown; down++) {
          const [columns, rows] = [bin(left, right, tilesAcross, across), bin(top, bottom, tilesDown, down)];
          const cells: number[] = [];
          for (let column = columns[0]; column < Math.min(columns[1], width); column++)
            for (let row = rows[0]; row < Math.min(rows[1], height); row++)
              cells.push(data[(((item - 1) * channels + channel) * width + column) * height + row]!);
          values.push(greatest(cells));
        }
    return values;
  });
  const rows = regions.map(([t, u0, v0, u1, v1]) => [t - 1, v0 - 1, u0 - 1, v1 - 1, u1 - 1]);
  using pool = await createRoiPyramidPool({
    levels: [[tilesAcross, tilesDown]],
    spatialScale: scale,
    runtime: runtime(),
  });
  const rois = { data: Float32Array.from(rows.flat()), dims: [rows.length, 5] };
  expect([...pool.forward({ data, dims: [items, channels, width, height] }, rois).data]).toEqual(expected);
});

test('layers trained behind channels-first pyramids fit', async () => {
  // TF Addons channels first and Lasagne: [N, C, bins] of every level, concatenated along the bins.
  const planes = [nine.data, nine.data.map((cell) => 10 * cell)];
  const dims = [2, 3, 3];
  const data = Float32Array.from(planes.flatMap((plane) => [...plane]));
  const concatenated = planes.flatMap((plane) => [...addons(plane, 3, 3), ...addons(plane, 3, 1)]);
  using pool = await createPyramidPool({
    levels: [3, 1],
    reduction: 'average',
    outputOrder: 'channels',
    runtime: runtime(),
  });
  expect([...pool.forward({ data, dims }).data]).toEqual(concatenated);
});
