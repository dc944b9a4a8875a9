import type { Level } from 'pyramid-pool';

/** Reads `4, 2x3, 1`. Throws a message for the visitor where the text is something else. */
export function parseLevels(text: string): Level[] {
  const words = text.split(/[,;\s]+/).filter((word) => word !== '');
  if (words.length === 0) throw new Error('There are no levels yet: write some, such as 4, 2, 1.');
  return words.map(parseLevel);
}

function parseLevel(word: string): Level {
  const [, rows, columns] = /^([1-9]\d*)(?:[x×]([1-9]\d*))?$/i.exec(word) ?? [];
  if (rows === undefined) {
    throw new Error(`“${word}” is not a level: levels are whole numbers from 1 up, or two such as 2x6.`);
  }
  return columns === undefined ? Number(rows) : [Number(rows), Number(columns)];
}

/** The most bins that can be told apart on a screen. */
const MOST_BINS = 1024;
const MOST_LEVELS = 16;

export function checkShowable(levels: readonly Level[]): void {
  const bins = levels.reduce<number>((sum, l) => sum + (typeof l === 'number' ? l * l : l[0] * l[1]), 0);
  if (levels.length > MOST_LEVELS)
    throw new Error(`${levels.length} levels are more than this page can draw; it draws ${MOST_LEVELS}.`);
  if (bins > MOST_BINS)
    throw new Error(`${bins} bins are more than this page can draw; it draws ${MOST_BINS}.`);
}
