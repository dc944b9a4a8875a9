/** Pictures to start with, made from a few digits that come with the page. */

import type { Plane } from '../../ink/plane.js';
import packed from '../../samples/digits.json';
import { type Digit, scaleDigit } from '../../train/digits.js';
import { seededRandom } from '../../train/random.js';

export interface Sample {
  readonly name: string;
  readonly plane: Plane;
}

export const digits: readonly Digit[] = packed.map(({ label, height, width, ink }) => {
  const bytes = Uint8Array.from(atob(ink), (character) => character.charCodeAt(0));
  return { label, height, width, pixels: Float32Array.from(bytes, (byte) => byte / 255) };
});

const EACH = 3;

/** One of the digits of a class, `which` from 0 to 2. */
export function digitOf(label: number, which: number): Digit {
  return digits[label * EACH + which];
}

export function planeOfDigit({ height, width, pixels }: Digit): Plane {
  return { values: pixels, height, width };
}

/** Draws one picture over another; parts outside are cut off. */
export function paint(onto: Plane, { width, pixels }: Digit, top: number, left: number): void {
  for (let i = 0; i < pixels.length; i++) {
    const [y, x] = [top + Math.floor(i / width), left + (i % width)];
    if (y < 0 || x < 0 || y >= onto.height || x >= onto.width) continue;
    const at = y * onto.width + x;
    onto.values[at] = Math.max(onto.values[at], pixels[i]);
  }
}

export function blank(height: number, width: number): Plane {
  return { values: new Float32Array(height * width), height, width };
}

export function makeSamples(): Sample[] {
  const digit = (label: number, which: number, scale: number) =>
    planeOfDigit(scaleDigit(digitOf(label, which), scale));
  return [
    { name: 'a five', plane: digit(5, 0, 1) },
    { name: 'the same five, larger', plane: digit(5, 0, 1.9) },
    { name: 'a five by another hand', plane: digit(5, 1, 1.3) },
    { name: 'an eight', plane: digit(8, 0, 1.2) },
    { name: 'a one, narrow', plane: digit(1, 0, 1.5) },
    { name: 'a number, wide', plane: line([2, 0, 1, 4], 1.4) },
    { name: 'a page of digits', plane: page(150, 210) },
  ];
}

function line(labels: readonly number[], scale: number): Plane {
  const scaled = labels.map((label) => scaleDigit(digitOf(label, 2), scale));
  const gap = 6;
  const height = Math.max(...scaled.map((digit) => digit.height)) + 2 * gap;
  const width = scaled.reduce((sum, digit) => sum + digit.width + gap, gap);
  const plane = blank(height, width);
  let left = gap;
  for (const digit of scaled) {
    paint(plane, digit, Math.round((height - digit.height) / 2), left);
    left += digit.width + gap;
  }
  return plane;
}

function page(height: number, width: number): Plane {
  const random = seededRandom(8);
  const plane = blank(height, width);
  for (let i = 0; i < 16; i++) {
    const digit = scaleDigit(digits[Math.floor(random() * digits.length)], 0.8 + 1.2 * random());
    paint(plane, digit, Math.round(random() * (height - 24)), Math.round(random() * (width - 20)));
  }
  return plane;
}
