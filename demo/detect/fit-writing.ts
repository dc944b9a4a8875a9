/** Brings writing of any size, by any pen, to what the detector knows best. */
import type { Plane } from '../ink/plane.js';
import { resize } from '../ink/resize.js';
import { heightOf, widthOf } from './box.js';
import { findComponents } from './components.js';
import { type Scales, scaledBy, scalesFrom, shorterSide, sidesOf, sizeAt } from './scales.js';
import { INK, strokeOf, waysThrough } from './strokes-of-ink.js';
import { withoutSurroundings } from './surroundings.js';

/** The longer side of a digit, in pixels, that most of the writing is brought to. */
const SIDE = 30;
/** Pixels of the picture that comes out, at most: the convolutions read each of them. */
const MOST_PIXELS = 1_200_000;
const MOST_GROWTH = 3;
/** Its longer side, at least: a digit that fills the picture is still one that the detector knows. */
const LEAST_SIDE = 128;
/** Where nothing is written, the picture gets this size. */
const BLANK_SIDE = 384;
/** Strokes are made as broad as this, in pixels, where they are narrower. */
const PEN = 2.6;
/** A digit is so many times as long as its stroke is broad; dots and specks are not. */
const LEAST_LENGTHS = 2.8;

/** Writing as it is read. */
export interface Fitted {
  /** At the size at which most of it is as large as the detector knows best. */
  readonly picture: Plane;
  /** As large as it came, without what lies around the paper. */
  readonly writing: Plane;
}

/** Ink from 0 to 1, as it comes; the same writing at the size, and with the stroke, that the detector learnt. */
export function fitWriting(ink: Plane): Fitted {
  const writing = withoutSurroundings(ink);
  return { picture: atFactor(writing, scaleFor(writing)), writing };
}

/** What the picture's size is multiplied by, for digits of very different sizes on one page. */
const FACTORS = [1 / 3, 1 / Math.sqrt(3), 1, Math.sqrt(3), 3];

/** Five scales of such a picture. Each is made from the writing as it came, and has strokes of the breadth that the detector knows. */
export function scalesOfWriting({ picture, writing }: Fitted): Scales {
  const most = Math.sqrt(MOST_PIXELS / picture.values.length);
  const factors = FACTORS.map((factor) => Math.min(factor, Math.max(1, most)));
  return scalesFrom(sidesOf(picture, factors), (side) =>
    side === shorterSide(picture) ? picture : atFactor(writing, side / shorterSide(writing)),
  );
}

/** The same of a picture that is no writing of a visitor's own. */
export function scalesOfScene(picture: Plane): Scales {
  return scaledBy(picture, FACTORS);
}

function atFactor(writing: Plane, factor: number): Plane {
  return broadened(resize(writing, ...sizeAt(writing, factor)));
}

function scaleFor(ink: Plane): number {
  const { height, width } = ink;
  const longest = Math.max(height, width);
  const side = sideOfWriting(ink);
  if (side === undefined) return Math.min(1, BLANK_SIDE / longest);
  const most = Math.min(MOST_GROWTH, Math.sqrt(MOST_PIXELS / (height * width)));
  return Math.min(most, Math.max(SIDE / side, LEAST_SIDE / longest));
}

/** How long digits are: between the small ones and the large ones. */
function sideOfWriting(ink: Plane): number | undefined {
  const least = LEAST_LENGTHS * (strokeOf(waysThrough(ink)) ?? 0);
  const sides = findComponents(ink, INK)
    .map((box) => Math.max(widthOf(box), heightOf(box)))
    .filter((side) => side >= least)
    .sort((a, b) => a - b);
  if (sides.length === 0) return undefined;
  const at = (rank: number) => sides[Math.floor(rank * (sides.length - 1))];
  return Math.sqrt(at(0.3) * at(0.9));
}

/** Narrow strokes broader, and as dark as they were before they were shrunk. */
function broadened(ink: Plane): Plane {
  const dark = darkened(ink);
  const stroke = strokeOf(waysThrough(dark));
  const missing = stroke === undefined ? 0 : (PEN - stroke) / 2;
  return missing > 0 ? spread(dark, Math.min(1, missing)) : dark;
}

/** Strokes that are narrower than a pixel are grey: the darkest become black again. */
function darkened(ink: Plane): Plane {
  const inked = ink.values.filter((value) => value > 0.1).sort();
  const dark = inked[Math.floor(0.75 * inked.length)];
  if (!dark || dark >= 0.9) return ink;
  return { ...ink, values: ink.values.map((value) => Math.min(1, (0.9 / dark) * value)) };
}

/** Ink goes over to neighbours, by this share of it. */
function spread({ values, height, width }: Plane, share: number): Plane {
  const result = values.slice();
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const most = Math.max(
        x > 0 ? values[at - 1] : 0,
        x < width - 1 ? values[at + 1] : 0,
        y > 0 ? values[at - width] : 0,
        y < height - 1 ? values[at + width] : 0,
      );
      if (share * most > values[at]) result[at] = share * most;
    }
  }
  return { values: result, height, width };
}
