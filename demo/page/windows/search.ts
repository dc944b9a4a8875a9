import type { Window } from './proposals.js';

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
  windows: readonly Window[],
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
    if (kept.every(({ at }) => overlap(windows[at], windows[match.at]) < MOST_OVERLAP)) kept.push(match);
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

/** Shared area by joint area. */
function overlap(a: Window, b: Window): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1) + 1;
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1) + 1;
  if (width <= 0 || height <= 0) return 0;
  const area = ({ x1, y1, x2, y2 }: Window) => (x2 - x1 + 1) * (y2 - y1 + 1);
  return (width * height) / (area(a) + area(b) - width * height);
}
