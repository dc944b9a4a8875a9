/** Digits as pictures of a given size: those of the data, in their own strokes or in those of another pen, and new ones. */
import { cropToInk, type Plane } from '../ink/plane.js';
import { type Digit, scaleDigit } from '../train/digits.js';
import type { Random } from '../train/random.js';
import { drawPath, type Point } from './line.js';
import { drawStrokes, type Strokes } from './pen-digits.js';
import { thin } from './thinning.js';

/** The digit with its longer side so long, in ink and with a pen that vary. */
export function scaleDigitTo(digit: Digit, side: number, random: Random): Digit {
  const scaled = scaleDigit(digit, side / Math.max(digit.height, digit.width));
  // What is lighter than this is paper: strokes become thinner. Those of small digits would break.
  const cut = 0.25 * Math.min(1, side / 40) * random();
  const ink = 0.8 + 0.2 * random();
  const pixels = scaled.pixels.map((value) => ink * Math.min(1, Math.max(0, (value - cut) / (0.9 - cut))));
  return { ...scaled, pixels };
}

/** At this size the middle of a stroke is found; smaller, loops would close. */
const LEAST_SIDE = 56;

/** The digit with the middle of its strokes drawn again, by a pen so broad, in pixels. */
export function redrawn(digit: Digit, side: number, pen: number, random: Random): Digit {
  const large = scaleDigit(digit, Math.max(LEAST_SIDE, side) / Math.max(digit.height, digit.width));
  const { values, width } = thin({ ...large, values: large.pixels }, 0.4);
  const pointOf = (place: number): Point => [place % width, Math.floor(place / width)];
  const strokes: Point[][] = [];
  values.forEach((value, place) => {
    if (value === 0) return;
    // To the neighbours that come later: at a large scale the stroke would be a row of dots.
    for (const step of [0, 1, width - 1, width, width + 1]) {
      if (values[place + step] > 0) strokes.push([pointOf(place), pointOf(place + step)]);
    }
  });
  return drawn(digit.label, strokes, side, pen, random);
}

/** A new digit of this class, drawn by a pen so broad. */
export function writeDigit(label: number, side: number, pen: number, random: Random): Digit {
  return drawn(label, drawStrokes(label, random), side, pen, random);
}

/** Strokes of any size, brought to this one. */
function drawn(label: number, strokes: Strokes, side: number, pen: number, random: Random): Digit {
  const [left, right] = rangeOf(strokes.flatMap((stroke) => stroke.map(([x]) => x)));
  const [top, bottom] = rangeOf(strokes.flatMap((stroke) => stroke.map(([, y]) => y)));
  const scale = (side - pen) / Math.max(right - left, bottom - top, 1e-6);
  const size = Math.ceil(side + 2 * pen);
  const picture = { values: new Float32Array(size * size), height: size, width: size };
  const ink = 0.75 + 0.25 * random();
  for (const stroke of strokes) {
    const path = stroke.map(([x, y]): Point => [scale * (x - left) + pen, scale * (y - top) + pen]);
    drawPath(picture, path, pen, ink);
  }
  return digitOf(label, picture);
}

function rangeOf(numbers: readonly number[]): [least: number, most: number] {
  return [Math.min(...numbers), Math.max(...numbers)];
}

function digitOf(label: number, picture: Plane): Digit {
  const { values, height, width } = cropToInk(picture) ?? picture;
  return { label, height, width, pixels: values };
}
