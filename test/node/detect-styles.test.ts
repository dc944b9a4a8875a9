/** Scenes as visitors may bring them: digits by any pen, on clutter and on paper. Types are those of the demo. */
import { expect, test } from 'vitest';
import { loadDigits } from '../../demo/data/node-assets.js';
import { findComponents } from '../../demo/detect/components.js';
import { redrawn, writeDigit } from '../../demo/detect/digit-images.js';
import { anyStyle, CLUTTERED } from '../../demo/detect/scene-styles.js';
import { makeScene } from '../../demo/detect/scenes.js';
import { drawSheet } from '../../demo/detect/sheet.js';
import { strokeOf, waysThrough } from '../../demo/detect/strokes-of-ink.js';
import { thin } from '../../demo/detect/thinning.js';
import type { Plane } from '../../demo/ink/plane.js';
import { type Digit, decodeDigits } from '../../demo/train/digits.js';
import { seededRandom } from '../../demo/train/random.js';

const digits = decodeDigits(await loadDigits());
const ofClass = (label: number) => digits.filter((digit) => digit.label === label);

/** A picture from rows of text: # is ink. */
function planeOf(...rows: string[]): Plane {
  const values = Float32Array.from(rows.join(''), (character) => (character === '#' ? 1 : 0));
  return { values, height: rows.length, width: rows[0].length };
}

function rowsOf({ values, height, width }: Plane): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from(values.subarray(y * width, (y + 1) * width), (value) => (value > 0.5 ? '#' : '.')).join(''),
  );
}

const strokeOfDigit = ({ pixels, height, width }: Digit) =>
  strokeOf(waysThrough({ values: pixels, height, width })) ?? 0;

test('strokes are thinned to their middle, and loops stay closed', () => {
  const bar = planeOf('.........', '.#######.', '.#######.', '.#######.', '.........');
  expect(rowsOf(thin(bar, 0.5))).toEqual(['.........', '.........', '..####...', '.........', '.........']);
  const ring = planeOf('.......', '.#####.', '.#####.', '.##.##.', '.#####.', '.#####.', '.......');
  const thinRing = ['.......', '.......', '..###..', '..#.#..', '..###..', '.......', '.......'];
  expect(rowsOf(thin(ring, 0.5))).toEqual(thinRing);
  expect(thin(planeOf('...', '...'), 0.5).values.every((value) => value === 0)).toBe(true);
});

test('the width of strokes is the shorter way through the ink', () => {
  const ways = waysThrough(planeOf('.....', '####.', '####.', '.....', '....#'));
  expect([...ways.subarray(5, 10)]).toEqual([2, 2, 2, 2, 0]);
  expect(strokeOf(ways)).toBe(2);
  expect(strokeOf(waysThrough(planeOf('...')))).toBeUndefined();
});

test.each([
  [20, 2],
  [40, 3],
  [70, 2],
  [70, 6],
])('digits of %s pixels are drawn by a pen of %s', (side, pen) => {
  const random = seededRandom(7);
  for (let label = 0; label < 10; label++) {
    for (const digit of [
      writeDigit(label, side, pen, random),
      redrawn(ofClass(label)[3], side, pen, random),
    ]) {
      expect(digit.label).toBe(label);
      expect(Math.max(digit.height, digit.width)).toBeGreaterThan(side - 4);
      expect(Math.max(digit.height, digit.width)).toBeLessThan(side + 4);
      expect(Math.abs(strokeOfDigit(digit) - pen)).toBeLessThanOrEqual(0.5 + 0.25 * pen);
      expect(digit.pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
  }
});

test('a pen draws a class in many ways, each time the same ones for a seed', () => {
  for (let label = 0; label < 10; label++) {
    const draw = (seed: number) => writeDigit(label, 30, 2, seededRandom(seed));
    expect(draw(3)).toEqual(draw(3));
    const shapes = new Set(Array.from({ length: 8 }, (_, seed) => draw(seed).pixels.join()));
    expect(shapes.size).toBe(8);
  }
});

test('scenes in any style hold the ink of their digits, of all classes and sizes', () => {
  const random = seededRandom(8);
  const styles = Array.from({ length: 12 }, () => anyStyle(random));
  expect(new Set(styles.map((style) => style === CLUTTERED)).size).toBe(2);
  const labels = new Set<number>();
  for (const style of styles) {
    const { picture, digits: placed } = makeScene(digits, random, style);
    expect(picture.values.every((value) => value >= 0 && value <= 1)).toBe(true);
    for (const { label, box } of placed) {
      labels.add(label);
      let most = 0;
      for (let y = box.y1; y <= box.y2; y++) {
        for (let x = box.x1; x <= box.x2; x++) most = Math.max(most, picture.values[y * picture.width + x]);
      }
      expect(most).toBeGreaterThan(0.5);
    }
  }
  expect(labels.size).toBe(10);
});

test('paper is mostly white, with few signs', () => {
  const random = seededRandom(9);
  for (let i = 0; i < 10; i++) {
    const picture = { values: new Float32Array(288 * 384), height: 288, width: 384 };
    drawSheet(picture, random);
    expect(picture.values.filter((value) => value > 0.5).length).toBeLessThan(0.06 * picture.values.length);
    expect(findComponents(picture, 0.5).length).toBeLessThan(60);
  }
});
