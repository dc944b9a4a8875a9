/** What a scene looks like: its background, and how its digits are drawn. */
import type { Plane } from '../ink/plane.js';
import type { Digit } from '../train/digits.js';
import type { Random } from '../train/random.js';
import { drawClutter } from './clutter.js';
import { redrawn, scaleDigitTo, writeDigit } from './digit-images.js';
import { drawSheet } from './sheet.js';

export interface SceneStyle {
  drawBackground(picture: Plane, random: Random): void;
  /** One of the digits, or one of a class by a pen, with its longer side about so long. */
  drawDigit(digits: readonly Digit[], side: number, random: Random): Digit;
}

/** The style of the paper's tables: digits as they are in the data, on clutter. */
export const CLUTTERED: SceneStyle = {
  drawBackground: drawClutter,
  drawDigit: (digits, side, random) => scaleDigitTo(anyOf(digits, random), side, random),
};

/** So many scenes are those of the paper's tables. */
const AS_IN_THE_PAPER = 0.35;
const THINNEST = 1.4;
const BROADEST = 7;
/** Of the longer side: what is broader fills the loops. */
const BROADEST_SHARE = 0.17;

/** A style by chance, of all that a visitor may bring: on clutter or on paper, by one pen or by those of the data. */
export function anyStyle(random: Random): SceneStyle {
  if (random() < AS_IN_THE_PAPER) return CLUTTERED;
  const pen = THINNEST * (BROADEST / THINNEST) ** random();
  const [asTheyAre, drawn] = [0.9 * random() ** 2, random()];
  return {
    drawBackground: random() < 0.5 ? drawClutter : drawSheet,
    drawDigit(digits, side, random) {
      const digit = anyOf(digits, random);
      if (random() < asTheyAre) return scaleDigitTo(digit, side, random);
      const broad = Math.max(THINNEST, Math.min(BROADEST_SHARE * side, pen * (0.85 + 0.3 * random())));
      return random() < drawn
        ? writeDigit(digit.label, side, broad, random)
        : redrawn(digit, side, broad, random);
    },
  };
}

function anyOf(digits: readonly Digit[], random: Random): Digit {
  return digits[Math.floor(random() * digits.length)];
}
