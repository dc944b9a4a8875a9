import type { Plane } from './plane.js';

/** A part of a picture, in pixels. */
export interface Part {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** The picture, or a part of it, at another size: bilinear, with sample points at the centres of pixels. */
export function resample(plane: Plane, height: number, width: number, part: Part = wholeOf(plane)): Plane {
  const values = new Float32Array(height * width);
  resampleInto(values, plane, height, width, part);
  return { values, height, width };
}

/** As `resample`, into `values`. */
export function resampleInto(
  values: Float32Array,
  { values: from, width: stride }: Plane,
  height: number,
  width: number,
  part: Part,
): void {
  const rows = samplePoints(height, part.height);
  const columns = samplePoints(width, part.width);
  for (let y = 0, at = 0; y < height; y++) {
    const upper = (part.top + rows.before[y]) * stride + part.left;
    const lower = (part.top + rows.after[y]) * stride + part.left;
    const down = rows.share[y];
    for (let x = 0; x < width; x++, at++) {
      const [left, right, share] = [columns.before[x], columns.after[x], columns.share[x]];
      const above = from[upper + left] + (from[upper + right] - from[upper + left]) * share;
      const below = from[lower + left] + (from[lower + right] - from[lower + left]) * share;
      values[at] = above + (below - above) * down;
    }
  }
}

function wholeOf({ height, width }: Plane): Part {
  return { top: 0, left: 0, height, width };
}

/** Between which two source pixels each target pixel lies, and how far along. */
function samplePoints(count: number, size: number) {
  const points = {
    before: new Int32Array(count),
    after: new Int32Array(count),
    share: new Float64Array(count),
  };
  for (let i = 0; i < count; i++) {
    const place = Math.min(size - 1, Math.max(0, ((i + 0.5) * size) / count - 0.5));
    points.before[i] = Math.floor(place);
    points.after[i] = Math.min(size - 1, points.before[i] + 1);
    points.share[i] = place - points.before[i];
  }
  return points;
}
