import type { Plane } from './plane.js';
import { resample } from './resample.js';

/** The picture at another size; where it shrinks, a pixel is the mean of the area that it covers, so that thin strokes stay whole. */
export function resize(plane: Plane, height: number, width: number): Plane {
  const { height: fromHeight, width: fromWidth } = plane;
  if (height === fromHeight && width === fromWidth) return plane;
  const shorter = height < fromHeight ? shrinkRows(plane, height) : plane;
  const narrower = width < fromWidth ? shrinkColumns(shorter, width) : shorter;
  return resample(narrower, height, width);
}

function shrinkRows({ values, height, width }: Plane, rows: number): Plane {
  const result = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const into = result.subarray(row * width, (row + 1) * width);
    for (const [y, share] of sharesOf(row, height / rows, height)) {
      const from = y * width;
      for (let x = 0; x < width; x++) into[x] += share * values[from + x];
    }
  }
  return { values: result, height: rows, width };
}

function shrinkColumns({ values, height, width }: Plane, columns: number): Plane {
  const result = new Float32Array(height * columns);
  for (let column = 0; column < columns; column++) {
    for (const [x, share] of sharesOf(column, width / columns, width)) {
      for (let y = 0; y < height; y++) result[y * columns + column] += share * values[y * width + x];
    }
  }
  return { values: result, height, width: columns };
}

/** Which source pixels the target pixel `at` covers, and how much of it each makes up. */
function sharesOf(at: number, step: number, size: number): [place: number, share: number][] {
  const [start, end] = [at * step, Math.min(size, (at + 1) * step)];
  const shares: [number, number][] = [];
  for (let place = Math.floor(start); place < end; place++) {
    const share = (Math.min(end, place + 1) - Math.max(start, place)) / (end - start);
    if (share > 1e-6) shares.push([place, share]);
  }
  return shares;
}
