/**
 * Digits as a pen draws them, each time another way: with and without a flag on the one, a bar through the seven, an open four. The
 * digits that come with the data are those of few people, all of one country, with one pen.
 */
import type { Random } from '../train/random.js';
import type { Point } from './line.js';

/** The way of the pen: strokes of points, in a square of side 1, down from its top. */
export type Strokes = readonly (readonly Point[])[];

/** A digit of this class. Its shape, its slant and its corners vary. */
export function drawStrokes(label: number, random: Random): Strokes {
  const strokes = SHAPES[label](random);
  const isAngular = random() < 0.15;
  return vary(isAngular ? strokes.map((stroke) => cornersOf(stroke, random)) : strokes, random);
}

type Shape = (random: Random) => Point[][];

const between = (random: Random, low: number, high: number) => low + random() * (high - low);

/** Of an ellipse, from one angle to another in degrees: 0 is to the right, 90 is down. */
function arc(x: number, y: number, across: number, down: number, from: number, to: number): Point[] {
  const pieces = Math.max(3, Math.ceil(Math.abs(to - from) / 18));
  return Array.from({ length: pieces + 1 }, (_, i): Point => {
    const angle = ((from + ((to - from) * i) / pieces) * Math.PI) / 180;
    return [x + across * Math.cos(angle), y + down * Math.sin(angle)];
  });
}

/** A bent way between two points; `bend`: how far its middle lies to its left, as a share of its length. */
function bow([x1, y1]: Point, [x2, y2]: Point, bend: number): Point[] {
  return Array.from({ length: 9 }, (_, i): Point => {
    const along = i / 8;
    const aside = 4 * bend * along * (1 - along);
    return [x1 + along * (x2 - x1) + aside * (y2 - y1), y1 + along * (y2 - y1) - aside * (x2 - x1)];
  });
}

const SHAPES: readonly Shape[] = [
  function zero(random) {
    const start = between(random, -130, -40);
    const turn = random() < 0.5 ? 1 : -1;
    return [arc(0.5, 0.5, between(random, 0.22, 0.45), 0.5, start, start + turn * between(random, 335, 385))];
  },
  function one(random) {
    const stem: Point[] = [
      [0.5, 0],
      [0.5 + between(random, -0.03, 0.03), 1],
    ];
    const flag: Point[] = [[0.5 - between(random, 0.1, 0.5), between(random, 0.1, 0.5)]];
    const base: Point[] = [
      [0.5 - between(random, 0.15, 0.35), 1],
      [0.5 + between(random, 0.15, 0.35), 1],
    ];
    const kind = random();
    if (kind < 0.4) return [stem];
    if (kind < 0.85) return [[...flag, ...stem]];
    return [[...flag, ...stem], base];
  },
  function two(random) {
    const [middle, wide] = [between(random, 0.24, 0.34), between(random, 0.28, 0.42)];
    const end = between(random, 10, 60);
    const top = arc(0.45, middle, wide, middle, between(random, -190, -140), end);
    const corner: Point = [between(random, 0, 0.1), between(random, 0.93, 1)];
    const right: Point = [between(random, 0.75, 1), between(random, 0.92, 1.02)];
    const down = bow(top[top.length - 1], corner, between(random, -0.12, 0.08));
    if (random() < 0.25) {
      const loop = arc(corner[0] + 0.1, corner[1] - 0.06, 0.1, 0.06, 150, 380);
      return [[...top, ...down, ...loop, right]];
    }
    return [[...top, ...down, ...bow(corner, right, between(random, -0.12, 0.12))]];
  },
  function three(random) {
    const waist = between(random, 0.4, 0.52);
    const [upper, lower] = [between(random, 0.25, 0.36), between(random, 0.32, 0.44)];
    const depth = between(random, 0.3, 0.5);
    const bottom = arc(0.4, (1 + waist) / 2, lower, (1 - waist) / 2, -90, between(random, 110, 165));
    const notch: Point = [between(random, 0.25, 0.4), waist];
    if (random() < 0.25) {
      const top: Point[] = [
        [0.08, between(random, 0, 0.06)],
        [0.08 + 2 * upper, 0.02],
      ];
      return [[...top, notch, ...bottom]];
    }
    const top = arc(0.4, waist / 2, upper, waist / 2, between(random, -175, -120), 90 * (0.8 + depth / 2));
    return [[...top, notch, ...bottom]];
  },
  function four(random) {
    const [bar, stem] = [between(random, 0.5, 0.75), between(random, 0.55, 0.8)];
    const left: Point = [between(random, 0, 0.12), bar];
    const right: Point = [between(random, 0.85, 1), bar + between(random, -0.06, 0.04)];
    const below: Point = [stem + between(random, -0.06, 0.04), 1];
    if (random() < 0.45) {
      const top: Point = [stem, 0];
      return random() < 0.5
        ? [
            [top, left, right],
            [top, below],
          ]
        : [
            [...bow(top, left, 0.05), right],
            [[stem, 0.05], below],
          ];
    }
    const top: Point = [between(random, 0.08, 0.45), 0];
    return [
      [...bow(top, left, between(random, -0.05, 0.1)), right],
      [[stem + between(random, -0.05, 0.12), between(random, 0.05, 0.4)], below],
    ];
  },
  function five(random) {
    const [left, neck] = [between(random, 0.12, 0.3), between(random, 0.34, 0.48)];
    const bowl = arc(
      between(random, 0.35, 0.48),
      (neck + 0.96) / 2,
      between(random, 0.33, 0.46),
      (1.04 - neck) / 2,
      between(random, -140, -100),
      between(random, 110, 160),
    );
    const corner: Point = [left, 0.02];
    const right: Point = [between(random, 0.7, 0.95), between(random, -0.02, 0.06)];
    const down: Point = [left - between(random, 0, 0.08), neck];
    return random() < 0.5
      ? [[right, corner, down, ...bowl]]
      : [
          [corner, down, ...bowl],
          [corner, right],
        ];
  },
  function six(random) {
    const [middle, wide] = [between(random, 0.66, 0.74), between(random, 0.28, 0.42)];
    const loop = arc(0.48, middle, wide, 1 - middle, 180, 180 - between(random, 330, 400));
    const top: Point = [between(random, 0.45, 0.85), between(random, 0, 0.05)];
    return [[...bow(top, [0.48 - wide, middle], between(random, 0.04, 0.22)), ...loop]];
  },
  function seven(random) {
    const foot: Point = [between(random, 0.2, 0.55), 1];
    const right: Point = [between(random, 0.8, 0.98), between(random, 0, 0.06)];
    const left: Point = [between(random, 0.02, 0.15), between(random, 0, 0.1)];
    const serif: Point[] = random() < 0.25 ? [[left[0], left[1] + between(random, 0.08, 0.2)]] : [];
    const main = [...serif, left, ...bow(right, foot, between(random, -0.12, 0.05))];
    if (random() < 0.5) return [main];
    const y = between(random, 0.4, 0.6);
    const x = right[0] + (foot[0] - right[0]) * y;
    const half = between(random, 0.15, 0.32);
    return [
      main,
      [
        [x - half, y + between(random, -0.03, 0.06)],
        [x + half, y + between(random, -0.06, 0.03)],
      ],
    ];
  },
  function eight(random) {
    const waist = between(random, 0.42, 0.52);
    const [upper, lower] = [between(random, 0.22, 0.36), between(random, 0.3, 0.44)];
    if (random() < 0.4) {
      return [
        arc(0.5, waist / 2, upper, waist / 2, 90, 90 + between(random, 345, 375)),
        arc(0.5, (1 + waist) / 2, lower, (1 - waist) / 2, -90, -90 + between(random, 345, 375)),
      ];
    }
    // In one go, through the waist twice.
    const start = between(random, -70, 10);
    const top = arc(0.5, waist / 2, upper, waist / 2, start, -225);
    const bottom = arc(0.5, (1 + waist) / 2, lower, (1 - waist) / 2, -40, 220);
    return [[...top, ...bottom, top[0]]];
  },
  function nine(random) {
    const [middle, wide] = [between(random, 0.24, 0.33), between(random, 0.26, 0.4)];
    const loop = arc(0.48, middle, wide, middle, between(random, -40, 0), -360 - between(random, -15, 10));
    const from: Point = [0.48 + wide, between(random, 0.1, middle)];
    const kind = random();
    const foot: Point = [0.48 + wide - between(random, -0.02, 0.35), 1];
    if (kind < 0.6) return [[...loop, ...bow(from, foot, between(random, -0.1, 0.02))]];
    const hook = arc(0.48 + wide - 0.35, 0.75, 0.35, 0.25, 0, between(random, 90, 150));
    return [[...loop, from, ...hook]];
  },
];

/** Straight from corner to corner, with few of them, as with a mouse. */
function cornersOf(stroke: readonly Point[], random: Random): Point[] {
  const every = 2 + Math.floor(2 * random());
  return stroke.filter((_, i) => i % every === 0 || i === stroke.length - 1);
}

function vary(strokes: readonly (readonly Point[])[], random: Random): Strokes {
  const [wide, slant] = [between(random, 0.55, 1), between(random, -0.15, 0.4)];
  const turn = between(random, -0.08, 0.08);
  const [along, down] = [between(random, 0, 6.3), between(random, 0, 6.3)];
  const [swing, shake] = [between(random, 0, 0.035), between(random, 0, 0.012)];
  return strokes.map((stroke) =>
    stroke.map(([x, y]): Point => {
      const px = wide * x + slant * (1 - y) + swing * Math.sin(5 * y + along) + shake * (2 * random() - 1);
      const py = y + turn * x + swing * Math.sin(5 * x + down) + shake * (2 * random() - 1);
      return [px, py];
    }),
  );
}
