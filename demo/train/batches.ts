import { type Digit, scaleDigit, scaledSize } from './digits.js';
import { type Random, shuffled } from './random.js';

/** Images of one size, as the network reads them. */
export interface Batch {
  readonly images: Float32Array;
  readonly dims: [count: number, height: number, width: number, channels: number];
  readonly labels: readonly number[];
}

/** Height and width as one word, to count and compare sizes with. */
export function sizeName(height: number, width: number): string {
  return `${height}x${width}`;
}

/**
 * Groups digits that have one size at this scale, `count` at most to a group. One batch has to be rectangular; the
 * next may have any other size. With `random` both the digits and the groups are mixed.
 */
export function groupBySize(
  digits: readonly Digit[],
  count: number,
  scale: number,
  random?: Random,
): Digit[][] {
  const open = new Map<string, Digit[]>();
  const groups: Digit[][] = [];
  for (const digit of random ? shuffled(digits, random) : digits) {
    const { height, width } = scaledSize(digit, scale);
    const name = sizeName(height, width);
    const group = open.get(name) ?? [];
    if (group.push(digit) < count) {
      open.set(name, group);
    } else {
      open.delete(name);
      groups.push(group);
    }
  }
  groups.push(...open.values());
  return random ? shuffled(groups, random) : groups;
}

export function makeBatch(group: readonly Digit[], scale: number): Batch {
  const { height, width } = scaledSize(group[0], scale);
  const images = new Float32Array(group.length * height * width);
  group.forEach((digit, i) => {
    images.set(scaleDigit(digit, scale).pixels, i * height * width);
  });
  return { images, dims: [group.length, height, width, 1], labels: group.map(({ label }) => label) };
}
