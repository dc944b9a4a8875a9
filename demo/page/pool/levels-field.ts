import type { Level } from 'pyramid-pool';

/** Reads `4, 2x3, 1`; what is no number goes on to the pool, whose message says what is wrong with it. */
export function parseLevels(text: string): Level[] {
  return text
    .split(/[,;\s]+/)
    .filter((word) => word !== '')
    .map((word) => {
      const sides = word.split(/[x×]/i).map(Number);
      return sides.length === 1 ? sides[0] : (sides as unknown as Level);
    });
}

/** 4096 bins and more cannot be told apart on a screen. */
const MOST_BINS = 4096;

export function checkShowable(levels: readonly Level[]): void {
  const bins = levels.reduce<number>((sum, l) => sum + (typeof l === 'number' ? l * l : l[0] * l[1]), 0);
  if (bins > MOST_BINS)
    throw new Error(`${bins} bins are more than this page can draw; it draws ${MOST_BINS}.`);
}
