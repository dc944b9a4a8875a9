/** Digits as several people write them, drawn as strokes of a pen: none of them comes from the digits that detectors learn from. */
import { type Box, intersectionOf } from '../../demo/detect/box.js';
import { drawPath, type Point } from '../../demo/detect/line.js';
import type { Plane } from '../../demo/ink/plane.js';
import { normal, type Random } from '../../demo/train/random.js';

/** A curve through its points, or straight lines from one to the next. In a box of width and height 1, down from its top. */
interface Stroke {
  readonly points: readonly Point[];
  readonly curved: boolean;
}

/** How one person writes the digits 0 to 9. */
export interface Hand {
  readonly name: string;
  readonly digits: readonly (readonly Stroke[])[];
  /** Of a digit, by its height. */
  readonly width: number;
  /** How far the top leans to the right, by the height. */
  readonly slant: number;
  /** How far points are off, by the height. */
  readonly shake: number;
}

const parse = (text: string): Point[] =>
  text
    .trim()
    .split(/\s+/)
    .map((point) => point.split(',').map((percent) => Number(percent) / 100) as unknown as Point);
const curve = (text: string): Stroke => ({ points: parse(text), curved: true });
const lines = (text: string): Stroke => ({ points: parse(text), curved: false });

const European: Hand = {
  name: 'european',
  width: 0.62,
  slant: 0.1,
  shake: 0.012,
  digits: [
    [curve('55,0 22,12 4,48 18,88 50,100 82,86 96,50 80,12 50,1')],
    [lines('12,38 62,0 62,100')],
    [curve('8,24 28,2 64,0 88,22 74,52 38,80 6,98'), lines('6,98 94,97')],
    [curve('10,12 42,0 80,10 82,34 44,48'), curve('44,48 88,58 94,82 52,100 6,88')],
    [lines('52,0 6,66 96,66'), lines('66,38 62,100')],
    [lines('22,3 16,44'), curve('16,44 54,36 90,58 80,90 44,100 6,90'), lines('22,3 90,2')],
    [curve('74,0 36,24 8,62 24,96 62,98 88,74 62,50 24,58 10,74')],
    [lines('6,4 94,3 40,100'), lines('26,52 82,48')],
    [curve('78,10 46,0 16,14 28,38 66,58 86,82 50,100 14,84 30,58 68,38 80,14 74,8')],
    [curve('86,22 54,0 14,14 18,46 54,54 84,26'), curve('86,22 84,58 62,92 18,98')],
  ],
};

const American: Hand = {
  name: 'american',
  width: 0.58,
  slant: 0.04,
  shake: 0.014,
  digits: [
    [curve('48,2 14,20 6,56 26,92 58,100 88,78 94,38 74,6 46,0')],
    [lines('50,0 48,100')],
    [curve('10,20 40,0 84,10 82,38 44,70 14,94 22,82 44,90 94,96')],
    [curve('14,8 50,0 84,18 70,42 40,46'), curve('40,46 86,54 88,86 46,100 8,90')],
    [lines('62,0 4,68 98,70'), lines('62,0 64,100')],
    [curve('18,46 56,40 90,64 72,94 34,100 8,88'), lines('18,46 22,2'), lines('22,2 84,4')],
    [curve('62,0 24,34 6,72 32,100 76,92 84,66 54,54 20,68')],
    [lines('8,2 92,4 48,100')],
    [curve('50,0 16,12 20,38 50,48 82,36 84,12 50,0'), curve('50,48 10,64 12,92 50,100 90,90 86,62 50,48')],
    [curve('82,20 50,0 16,18 24,46 58,48 82,20'), lines('84,6 80,100')],
  ],
};

const Hasty: Hand = {
  name: 'hasty',
  width: 0.55,
  slant: 0.3,
  shake: 0.025,
  digits: [
    [curve('62,6 30,4 4,44 14,90 52,98 90,62 84,18 52,2 40,10')],
    [lines('34,16 56,0 50,100')],
    [curve('12,22 46,0 84,18 62,54 12,96'), curve('12,96 46,88 98,94')],
    [curve('14,8 62,0 78,22 40,44 82,58 70,92 8,98')],
    [lines('30,4 14,58 90,54'), lines('74,26 60,100')],
    [curve('88,2 34,4 24,40 66,44 80,72 52,98 6,92')],
    [curve('66,0 22,44 12,86 44,100 72,78 50,60 16,80')],
    [curve('6,12 46,6 92,4 62,48 44,100')],
    [curve('84,12 50,0 22,22 60,50 70,84 32,100 16,78 54,48 88,14')],
    [curve('84,10 44,2 14,30 40,50 80,18'), curve('84,10 72,54 56,100')],
  ],
};

/** As with a mouse: straight from corner to corner. */
const Angular: Hand = {
  name: 'angular',
  width: 0.6,
  slant: 0,
  shake: 0.01,
  digits: [
    [lines('35,0 8,25 5,75 35,100 68,100 95,72 93,25 66,0 35,0')],
    [lines('25,22 55,0 55,100')],
    [lines('8,22 30,2 70,2 90,22 86,42 8,100 94,100')],
    [lines('8,6 88,4 42,42 78,52 88,76 68,98 8,94')],
    [lines('70,100 70,0 6,64 96,64')],
    [lines('88,2 16,2 14,44 70,42 90,64 84,88 60,100 8,94')],
    [lines('72,2 30,26 8,62 16,92 46,100 82,92 88,68 66,54 28,56 10,70')],
    [lines('8,4 92,4 38,100')],
    [lines('50,48 18,28 26,4 72,2 84,26 50,48 10,72 22,98 76,100 92,74 50,48')],
    [lines('88,40 40,50 10,34 20,6 66,2 88,16 86,60 64,100')],
  ],
};

const Round: Hand = {
  name: 'round',
  width: 0.74,
  slant: -0.06,
  shake: 0.016,
  digits: [
    [curve('50,0 10,18 0,54 20,92 54,100 92,80 100,44 78,8 46,2')],
    [lines('20,24 54,0 54,100'), lines('18,99 88,99')],
    [curve('4,30 20,4 60,0 90,20 80,48 40,70 6,96'), curve('6,96 30,84 62,100 98,88')],
    [lines('10,3 86,3 44,40'), curve('44,40 88,46 98,80 54,100 4,86')],
    [curve('22,0 14,34 8,58 50,60 94,56'), lines('72,20 70,100')],
    [lines('20,2 18,40'), curve('18,40 60,30 96,56 88,92 44,100 4,84'), lines('20,2 86,4')],
    [curve('84,8 48,2 12,36 6,78 40,100 84,92 92,64 54,48 12,64')],
    [lines('8,14 10,3 92,3'), curve('92,3 64,40 46,100'), lines('30,50 86,50')],
    [curve('50,0 14,10 14,40 50,46 88,38 86,8 50,0'), curve('50,46 4,60 4,94 50,100 98,92 96,60 50,46')],
    [curve('90,24 54,0 10,12 8,44 50,54 90,28'), curve('90,24 94,70 70,98 20,94')],
  ],
};

export const hands: readonly Hand[] = [European, American, Hasty, Angular, Round];

/** A pen's way over the paper, in pixels. */
export type Path = readonly Point[];

/** A digit so high, with its top left corner there, as this hand writes it this time. */
export function writeDigit(
  { digits, width, slant, shake }: Hand,
  label: number,
  [x, y]: Point,
  height: number,
  random: Random,
): Path[] {
  const off = (size: number) => 2 * size * (random() - 0.5);
  const [lean, wide] = [slant + off(0.05), (label === 1 ? 0.8 : 1) * width * (1 + off(0.12))];
  return digits[label].map(({ points, curved }) => {
    const own = points.map(([px, py]): Point => {
      const [across, down] = [px * wide + lean * (1 - py) + off(shake), py + off(shake)];
      return [x + across * height, y + down * height];
    });
    return curved ? smooth(own) : own;
  });
}

/** Eight pieces from each point to the next, of a curve through all of them (Catmull and Rom). */
function smooth(points: readonly Point[]): Point[] {
  const at = (i: number) => points[Math.max(0, Math.min(points.length - 1, i))];
  const result: Point[] = [points[0]];
  for (let i = 0; i < points.length - 1; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    for (let step = 1; step <= 8; step++) {
      const t = step / 8;
      const of = (k: 0 | 1) =>
        b[k] +
        0.5 *
          t *
          (c[k] - a[k] + t * (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k] + t * (3 * (b[k] - c[k]) + d[k] - a[k])));
      result.push([of(0), of(1)]);
    }
  }
  return result;
}

/** Where the ink of these strokes is. */
export function boxOf(paths: readonly Path[], pen: number): Box {
  const [xs, ys] = [paths.flat().map(([x]) => x), paths.flat().map(([, y]) => y)];
  return {
    x1: Math.min(...xs) - pen / 2,
    y1: Math.min(...ys) - pen / 2,
    x2: Math.max(...xs) + pen / 2,
    y2: Math.max(...ys) + pen / 2,
  };
}

export interface WrittenPage {
  readonly height: number;
  readonly width: number;
  readonly hand: Hand;
  readonly count: number;
  /** The class of the largest digit; the others follow in turn. 0 by default. */
  readonly first?: number;
  /** The least and the greatest height of a digit, in pixels. */
  readonly sizes: readonly [number, number];
  readonly pen: number;
}

export interface Written {
  /** 1 under the pen. */
  readonly ink: Plane;
  readonly truth: readonly { readonly label: number; readonly box: Box }[];
}

/** A page of digits, none of which meets another: every class in turn. */
export function writePage(
  { height, width, hand, count, first = 0, sizes, pen }: WrittenPage,
  random: Random,
): Written {
  const ink = { values: new Float32Array(height * width), height, width };
  const [least, most] = sizes;
  // Large ones first: they need the room.
  const heights = Array.from({ length: count }, () => least * (most / least) ** random()).sort(
    (a, b) => b - a,
  );
  const truth: { label: number; box: Box }[] = [];
  const taken: Box[] = [];
  heights.forEach((size, i) => {
    const label = (first + i) % 10;
    for (let tries = 0; tries < 200; tries++) {
      const [x, y] = [random() * (width - 1.2 * size), random() * (height - 1.2 * size)];
      const place = { x1: x, y1: y, x2: x + 1.2 * size, y2: y + 1.2 * size };
      if (taken.some((other) => intersectionOf(other, place) > 0)) continue;
      taken.push(place);
      const paths = writeDigit(hand, label, [x + 0.1 * size, y + 0.1 * size], size, random);
      for (const path of paths) drawPath(ink, path, pen, 1);
      truth.push({ label, box: boxOf(paths, pen) });
      return;
    }
  });
  return { ink, truth };
}

export interface Light {
  /** Of the paper and of the pen, from 0 to 1. */
  readonly paper: number;
  readonly pen: number;
  /** How much darker the far corner is, as a share. */
  readonly fall: number;
  /** How much darker the lower part is, behind a soft edge: the shadow of a hand. */
  readonly shadow: number;
  /** From one line of the paper to the next, in pixels, and how dark they are; both ways. */
  readonly squares?: { readonly gap: number; readonly ink: number };
  readonly noise: number;
}

/** How bright a camera sees the page. */
export function photographed({ values, height, width }: Plane, light: Light, random: Random): Plane {
  const { paper, pen, fall, shadow, squares, noise } = light;
  const ruled = (place: number) => squares !== undefined && place % squares.gap < 1.5;
  const brightness = values.map((ink, at) => {
    const [y, x] = [Math.floor(at / width), at % width];
    const line = squares && (ruled(y + 0.02 * x) || ruled(x - 0.02 * y)) ? squares.ink : 0;
    const surface = paper + Math.max(ink, line) * (pen - paper);
    const edge = Math.max(0, Math.min(1, (y + 0.3 * x - 0.6 * height) / (0.05 * height)));
    const lit = (1 - (fall * (x + y)) / (width + height)) * (1 - shadow * edge);
    return Math.max(0, Math.min(1, surface * lit + normal(random, noise)));
  });
  return { values: brightness, height, width };
}
