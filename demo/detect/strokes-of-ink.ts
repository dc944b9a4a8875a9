import type { Plane } from '../ink/plane.js';

/** More than this is ink. */
export const INK = 0.5;

/** For each pixel the shorter way through the ink there, across or down, in pixels; 0 where there is none. */
export function waysThrough({ values, height, width }: Plane): Uint16Array {
  const ways = new Uint16Array(values.length);
  eachRun(values, height, width, width, 1, (at, end, step, length) => {
    for (; at < end; at += step) ways[at] = length;
  });
  eachRun(values, width, height, 1, width, (at, end, step, length) => {
    for (; at < end; at += step) if (length < ways[at]) ways[at] = length;
  });
  return ways;
}

type OnRun = (at: number, end: number, step: number, length: number) => void;

/** Calls for each run of ink along lines: its first place, the place behind its last, the way to the next, and its length. */
function eachRun(
  values: Float32Array,
  lines: number,
  length: number,
  toLine: number,
  toNext: number,
  onRun: OnRun,
): void {
  for (let line = 0; line < lines; line++) {
    const from = line * toLine;
    for (let start = 0; start < length; start++) {
      if (!(values[from + start * toNext] > INK)) continue;
      let end = start + 1;
      while (end < length && values[from + end * toNext] > INK) end++;
      onRun(from + start * toNext, from + end * toNext, toNext, end - start);
      start = end;
    }
  }
}

/** How broad strokes are: the median over all ink of the shorter way through it. Nothing where there is no ink. */
export function strokeOf(ways: Uint16Array): number | undefined {
  const counts = new Uint32Array(65_536);
  let all = 0;
  for (const way of ways) {
    if (way === 0) continue;
    counts[way]++;
    all++;
  }
  if (all === 0) return undefined;
  let way = 0;
  for (let seen = 0; seen <= all / 2; ) seen += counts[++way];
  return way;
}
