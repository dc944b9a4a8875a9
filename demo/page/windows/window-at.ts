import type { Box } from '../../detect/box.js';

/** The window that most plausibly is meant by a point: the one whose middle is nearest, small ones first. */
export function windowAt(windows: readonly Box[], x: number, y: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  windows.forEach(({ x1, y1, x2, y2 }, i) => {
    if (x < x1 || x > x2 || y < y1 || y > y2) return;
    const distance = Math.hypot((x1 + x2) / 2 - x, (y1 + y2) / 2 - y) + 0.15 * Math.hypot(x2 - x1, y2 - y1);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}
