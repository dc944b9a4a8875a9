/** Paper as it is when its light has been evened out: white, perhaps with what is left of its lines, and with signs that are no digits. */
import type { Plane } from '../ink/plane.js';
import type { Random } from '../train/random.js';
import { drawLine, drawPath, type Point } from './line.js';

export function drawSheet(picture: Plane, random: Random): void {
  const kind = random();
  if (kind < 0.3) drawRules(picture, random, false);
  else if (kind < 0.55) drawRules(picture, random, true);
  const signs = Math.floor((picture.height * picture.width * 2 * random()) / 12_000 + random());
  for (let i = 0; i < signs; i++) drawSign(picture, random);
}

/** Lines from side to side, and `squared` also from top to bottom. */
function drawRules(picture: Plane, random: Random, squared: boolean): void {
  const { height, width } = picture;
  const [gap, tilt] = [10 + 50 * random(), 0.06 * (random() - 0.5)];
  const [ink, thickness] = [0.05 + 0.4 * random() ** 2, 0.8 + random()];
  const [top, left] = [gap * random(), gap * random()];
  const most = Math.abs(tilt) * Math.max(height, width);
  for (let y = top - most; y < height + most; y += gap) {
    drawLine(picture, [0, y], [width, y + tilt * width], thickness, ink);
  }
  if (!squared) return;
  for (let x = left - most; x < width + most; x += gap) {
    drawLine(picture, [x, 0], [x - tilt * height, height], thickness, ink);
  }
}

/** Strokes at whose sides paths begin and end, in a square of side 1. */
const SIGNS: readonly (readonly (readonly Point[])[])[] = [
  // - = + x : / and an arrow
  [
    [
      [0, 0.5],
      [1, 0.5],
    ],
  ],
  [
    [
      [0, 0.3],
      [1, 0.3],
    ],
    [
      [0, 0.7],
      [1, 0.7],
    ],
  ],
  [
    [
      [0, 0.5],
      [1, 0.5],
    ],
    [
      [0.5, 0],
      [0.5, 1],
    ],
  ],
  [
    [
      [0, 0],
      [1, 1],
    ],
    [
      [1, 0],
      [0, 1],
    ],
  ],
  [[[0.5, 0.2]], [[0.5, 0.8]]],
  [
    [
      [0, 0.5],
      [1, 0.5],
      [0.7, 0.2],
    ],
    [
      [1, 0.5],
      [0.7, 0.8],
    ],
  ],
];

/** A sign, a dot, a long underline, or a piece of a curve. */
function drawSign(picture: Plane, random: Random): void {
  const [x, y] = [picture.width * random(), picture.height * random()];
  const [size, pen, ink] = [6 + 40 * random() ** 2, 1.4 + 3 * random(), 0.5 + 0.5 * random()];
  const at = ([px, py]: Point): Point => [x + size * px, y + size * py];
  const kind = random();
  if (kind < 0.5) {
    const sign = SIGNS[Math.floor(random() * SIGNS.length)];
    for (const path of sign) drawPath(picture, path.map(at), pen, ink);
  } else if (kind < 0.65) drawLine(picture, [x, y], [x, y], pen, ink);
  else if (kind < 0.8)
    drawLine(picture, [x, y], [x + 60 + 120 * random(), y + 8 * (random() - 0.5)], pen, ink);
  else drawPath(picture, curl(random).map(at), pen, ink);
}

/** Half a turn at most: a bracket, a comma, a hook. */
function curl(random: Random): Point[] {
  const [from, by, flat] = [6.3 * random(), 1 + 2 * random(), 0.3 + 0.7 * random()];
  return Array.from({ length: 9 }, (_, i): Point => {
    const angle = from + (by * i) / 8;
    return [0.5 + 0.5 * Math.cos(angle), 0.5 + 0.5 * flat * Math.sin(angle)];
  });
}
