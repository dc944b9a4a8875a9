import { type Box, iou } from '../../detect/box.js';

export interface Match {
  /** Which window. */
  readonly at: number;
  /** Cosine of the angle between the vectors: 1 is the same direction. */
  readonly likeness: number;
}

const MOST_OVERLAP = 0.25;

/** The windows whose vectors are most like this one, each at a place of its own, best first. */
export function findAlike(
  vectors: Float32Array,
  windows: readonly Box[],
  query: Float32Array,
  most: number,
): Match[] {
  const { length } = query;
  const ranked = windows
    .map((_, at) => ({ at, likeness: cosine(vectors.subarray(at * length, (at + 1) * length), query) }))
    .sort((a, b) => b.likeness - a.likeness);
  const kept: Match[] = [];
  for (const match of ranked) {
    if (kept.length === most) break;
    if (kept.every(({ at }) => iou(windows[at], windows[match.at]) < MOST_OVERLAP)) kept.push(match);
  }
  return kept;
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    squaresA += a[i] * a[i];
    squaresB += b[i] * b[i];
  }
  const norms = Math.sqrt(squaresA * squaresB);
  return norms > 0 ? product / norms : 0;
}
