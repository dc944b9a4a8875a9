/**
 * The ink of a photographed page, of a scan or of a blackboard: what differs from the paper around it, however the light falls. All
 * of it works on brightness alone, from 0 to 1, and knows nothing of what is written.
 */
import type { Plane } from './plane.js';
import { resample } from './resample.js';
import { resize } from './resize.js';

/** So many pixels a side are taken as one to see whether ink is dark or light. */
const COARSE = 3;
/** Cells along the longer side in which the paper is looked for: wide against a pen, narrow against a shadow. */
const CELLS = 40;
/** The paper is the brightest of a cell, but for highlights and noise. */
const PAPER_RANK = 0.8;
/** A cell is taken for ink, and gets the paper of its neighbours, where paper is so many cells away at most. */
const STROKE_CELLS = 2;
/** What is darker than this share of the brightest paper is taken for that dark: a table, or so little light that noise is stronger. */
const DARKEST_PAPER = 0.4;

/** Ink that is fainter than this share of the pen's is paper: its lines, its grain. */
const FAINT = 0.35;
const FULL = 0.85;
/** A pen differs from paper by this at least; what differs less is grain, and stays as faint as it is. */
const LEAST_INK = 0.1;
/** The noise is that of the cells of this rank: what is left of them may be the table around the paper. */
const NOISY_RANK = 0.7;
/** The darkest of each block of so many pixels, by which the pen is known. */
const BLOCK = 12;

/** Ranks are those of so many pixels. */
const SAMPLE = 20_000;

/** Ink from 0 (paper) to 1 (the pen), of a picture's brightness. */
export function inkOfPhotograph(brightness: Plane): Plane {
  const ink = differenceFromPaper(isLightOnDark(brightness) ? inverted(brightness) : brightness);
  const { middle, noise } = noiseOf(ink);
  const pen = Math.max(LEAST_INK, middle + 8 * noise, penOf(ink));
  const low = Math.max(FAINT * pen, middle + 3 * noise);
  const high = Math.max(FULL * pen, low + 0.02);
  return {
    ...ink,
    values: ink.values.map((value) => Math.max(0, Math.min(1, (value - low) / (high - low)))),
  };
}

function inverted(plane: Plane): Plane {
  return { ...plane, values: plane.values.map((value) => 1 - value) };
}

/** Chalk on a board: what differs most from its surroundings is brighter than they are. */
function isLightOnDark(brightness: Plane): boolean {
  const [height, width] = [brightness.height, brightness.width].map((size) => Math.ceil(size / COARSE));
  const { values, ...size } = resize(brightness, height, width);
  const middle = surfaceOf({ values, ...size }, 0.5, 0).values;
  return values.reduce((skew, value, i) => skew + (value - middle[i]) ** 3, 0) > 0;
}

/** How much darker each pixel is than the paper there, as a share of the paper's brightness; below 0 where it is brighter than that. */
function differenceFromPaper(brightness: Plane): Plane {
  const paper = surfaceOf(brightness, PAPER_RANK, STROKE_CELLS);
  const least = Math.max(0.04, DARKEST_PAPER * rankOf(paper.values, 0.95));
  const values = brightness.values.map(
    (value, i) => (paper.values[i] - value) / Math.max(least, paper.values[i]),
  );
  return { ...brightness, values };
}

/** A smooth surface through the value of this rank in each cell, without valleys up to twice `closed` cells wide. */
function surfaceOf(plane: Plane, rank: number, closed: number): Plane {
  const cells = ranksOf(plane, cellSide(plane), rank);
  const filled = extremeAround(extremeAround(cells, closed, Math.max), closed, Math.min);
  return resample(meanAround(filled), plane.height, plane.width);
}

function cellSide({ height, width }: Plane): number {
  return Math.max(8, Math.ceil(Math.max(height, width) / CELLS));
}

function ranksOf({ values, height, width }: Plane, side: number, rank: number): Plane {
  const [rows, columns] = [Math.ceil(height / side), Math.ceil(width / side)];
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [top, left] = [Math.floor((row * height) / rows), Math.floor((column * width) / columns)];
      const [bottom, right] = [((row + 1) * height) / rows, ((column + 1) * width) / columns];
      const seen: number[] = [];
      for (let y = top; y < bottom; y += 2)
        for (let x = left; x < right; x += 2) seen.push(values[y * width + x]);
      result[row * columns + column] = Float32Array.from(seen).sort()[Math.floor(rank * (seen.length - 1))];
    }
  }
  return { values: result, height: rows, width: columns };
}

/** The greatest, or the least, of the square of this radius around each value. */
function extremeAround(plane: Plane, radius: number, extreme: (a: number, b: number) => number): Plane {
  return mapAround(plane, radius, (around) => around.reduce((a, b) => extreme(a, b)));
}

function meanAround(plane: Plane): Plane {
  return mapAround(plane, 1, (around) => around.reduce((sum, value) => sum + value, 0) / around.length);
}

function mapAround(plane: Plane, radius: number, of: (around: number[]) => number): Plane {
  const { values, height, width } = plane;
  const result = values.map((_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const around: number[] = [];
    for (let y = Math.max(0, row - radius); y <= Math.min(height - 1, row + radius); y++) {
      for (let x = Math.max(0, column - radius); x <= Math.min(width - 1, column + radius); x++) {
        around.push(values[y * width + x]);
      }
    }
    return of(around);
  });
  return { ...plane, values: result };
}

/** What paper is like: most cells of a page are. Where there is little light, its noise is stronger. */
function noiseOf(ink: Plane): { middle: number; noise: number } {
  const side = cellSide(ink);
  const middles = ranksOf(ink, side, 0.5).values;
  const lows = ranksOf(ink, side, 0.16).values;
  const deviations = middles.map((middle, i) => middle - lows[i]);
  return { middle: rankOf(middles, 0.5), noise: rankOf(deviations, NOISY_RANK) };
}

/** The value of this rank, from 0 for the least to 1 for the greatest, among some of them. */
function rankOf(values: Float32Array, rank: number): number {
  const every = Math.max(1, Math.floor(values.length / SAMPLE));
  const sample = values.filter((_, i) => i % every === 0).sort();
  return sample[Math.floor(rank * (sample.length - 1))];
}

/** How much a pen differs from the paper: the darkest of blocks that hold ink, of which there may be few. */
function penOf({ values, height, width }: Plane): number {
  const darkest: number[] = [];
  for (let top = 0; top < height; top += BLOCK) {
    for (let left = 0; left < width; left += BLOCK) {
      let most = 0;
      for (let y = top; y < Math.min(height, top + BLOCK); y++) {
        for (let x = left; x < Math.min(width, left + BLOCK); x++)
          most = Math.max(most, values[y * width + x]);
      }
      darkest.push(most);
    }
  }
  darkest.sort((a, b) => b - a);
  const top = darkest[Math.min(darkest.length - 1, Math.max(4, Math.floor(0.002 * darkest.length)))];
  const inked = darkest.filter((value) => value >= 0.6 * top);
  return inked[Math.floor(inked.length / 2)];
}
