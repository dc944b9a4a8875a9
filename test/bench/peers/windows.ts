import type { Case } from '../core/case.js';

/** The cells of every adaptive bin along an axis. */
export function bins(size: number, n: number): [start: number, end: number][] {
  return Array.from({ length: n }, (_, i) => [Math.floor((i * size) / n), Math.ceil(((i + 1) * size) / n)]);
}

/** Whether windows of `ceil(size / n)` cells every `floor(size / n)` are the bins of all levels, so that a plain max pool can be used. */
export function slides({ dims: [, , height, width], levels }: Case): boolean {
  const same = (size: number) => (n: number) =>
    bins(size, n).every(([start, end], i) => {
      const at = i * Math.floor(size / n);
      return start === at && end === at + Math.ceil(size / n);
    });
  return levels.every(same(height)) && levels.every(same(width));
}
