import type { Maxima } from './maxima.js';
import type { LevelPlan } from './plan.js';

/** Reads one plane (one channel of one item) and writes a level's maxima, bin after bin, from `to` on. */
export function scanPlane(
  input: Float32Array,
  plane: number,
  width: number,
  level: LevelPlan,
  result: Maxima,
  to: number,
): void {
  const { y, x, rows, columns } = level;
  let at = to;
  for (let by = 0; by < rows; by++) {
    for (let bx = 0; bx < columns; bx++) {
      scanBin(input, plane, width, y.start[by], y.end[by], x.start[bx], x.end[bx], result, at++);
    }
  }
}

function scanBin(
  input: Float32Array,
  plane: number,
  width: number,
  top: number,
  bottom: number,
  left: number,
  right: number,
  result: Maxima,
  at: number,
): void {
  let best = -Infinity;
  let place = plane + top * width + left;
  for (let row = top; row < bottom; row++) {
    const end = plane + row * width + right;
    for (let p = plane + row * width + left; p < end; p++) {
      const v = input[p];
      // A tie keeps the first maximum; a NaN beats everything, an earlier NaN too.
      if (v > best || Number.isNaN(v)) {
        best = v;
        place = p;
      }
    }
  }
  result.values[at] = best;
  result.cells[at] = place - plane;
}
