/** Backgrounds that are no digits: paper of uneven brightness, texture, hatching, long strokes, blots and noise. */
import type { Plane } from '../ink/plane.js';
import type { Random } from '../train/random.js';
import { drawLine, drawPath, type Point } from './line.js';

/** Fills a picture with clutter. */
export function drawClutter(picture: Plane, random: Random): void {
  drawPaper(picture, random);
  if (random() < 0.6) drawTexture(picture, random);
  const area = picture.height * picture.width;
  // As many in a picture of any size, by its area.
  for (let i = count(random, area / 40_000); i > 0; i--) drawHatching(picture, random);
  for (let i = count(random, area / 14_000); i > 0; i--) drawStroke(picture, random);
  for (let i = count(random, area / 8000); i > 0; i--) drawBlot(picture, random);
}

/** Noise of the camera, over all that was drawn. */
export function addNoise({ values }: Plane, random: Random): void {
  const strength = 0.06 * random();
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.max(0, Math.min(1, values[i] + strength * (random() + random() - 1)));
  }
}

/** A whole number, this on average. */
function count(random: Random, mean: number): number {
  return Math.floor(2 * mean * random() + random());
}

/** Brightness that falls off to one side, as on a photograph of a page. */
function drawPaper({ values, height, width }: Plane, random: Random): void {
  const level = 0.2 * random();
  const [down, along] = [0.15 * (random() - 0.5), 0.15 * (random() - 0.5)];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      values[i] = Math.max(0, level + down * (y / height - 0.5) + along * (x / width - 0.5));
    }
  }
}

/** Soft spots: random values on a coarse grid, smooth between its points. */
function drawTexture({ values, height, width }: Plane, random: Random): void {
  const cell = 4 + Math.floor(16 * random());
  const strength = 0.2 * random();
  const columns = Math.ceil(width / cell) + 1;
  const grid = Float32Array.from({ length: (Math.ceil(height / cell) + 1) * columns }, random);
  for (let y = 0, i = 0; y < height; y++) {
    const [row, down] = [Math.floor(y / cell) * columns, (y % cell) / cell];
    for (let x = 0; x < width; x++, i++) {
      const [at, along] = [row + Math.floor(x / cell), (x % cell) / cell];
      const above = grid[at] * (1 - along) + grid[at + 1] * along;
      const below = grid[at + columns] * (1 - along) + grid[at + columns + 1] * along;
      values[i] += strength * (above * (1 - down) + below * down);
    }
  }
}

/** A patch of parallel lines. */
function drawHatching(picture: Plane, random: Random): void {
  const [height, width] = [20 + 60 * random(), 20 + 60 * random()];
  const [top, left] = [picture.height * random() - height / 2, picture.width * random() - width / 2];
  const [gap, slope] = [4 + 6 * random(), 2 * random() - 1];
  const [ink, thickness] = [0.15 + 0.25 * random(), 0.8 + random()];
  for (let y = top; y < top + height; y += gap) {
    drawLine(picture, [left, y], [left + width, y + slope * gap], thickness, ink);
  }
}

/** A curve that is longer than any digit. */
function drawStroke(picture: Plane, random: Random): void {
  const [x, y] = [picture.width * random(), picture.height * random()];
  const [direction, length] = [2 * Math.PI * random(), 100 + 200 * random()];
  const bend = (random() - 0.5) * length * (random() < 0.5 ? 0 : 0.8);
  const [ink, thickness] = [0.2 + 0.4 * random(), 1 + 4 * random()];
  const [cos, sin] = [Math.cos(direction), Math.sin(direction)];
  const pieces = 16;
  const path = Array.from({ length: pieces + 1 }, (_, i): Point => {
    const along = i / pieces;
    const aside = 4 * bend * along * (1 - along);
    return [x + cos * along * length - sin * aside, y + sin * along * length + cos * aside];
  });
  drawPath(picture, path, thickness, ink);
}

function drawBlot(picture: Plane, random: Random): void {
  const [x, y] = [picture.width * random(), picture.height * random()];
  drawLine(picture, [x, y], [x, y], 1.5 + 6 * random() ** 2, 0.2 + 0.6 * random());
}
