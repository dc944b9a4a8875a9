/**
 * Windows that may hold something, found without knowing what: the boxes of connected ink at several thresholds, and of a dense
 * grid of boxes of all sizes those with much ink inside and little around them, as Edge Boxes ranks its windows by edges.
 */
import type { Plane } from '../ink/plane.js';
import { type Random, seededRandom } from '../train/random.js';
import { type Box, heightOf, iou, widthOf } from './box.js';
import { BoxSums } from './box-sums.js';
import { findComponents } from './components.js';

/** What a pixel must exceed the mean of its surroundings by. */
const THRESHOLDS = [0.15, 0.25, 0.4];
const SURROUNDINGS = 20;
const SHORTEST_LONG_SIDE = 7;
const LONGEST_SIDE = 100;

const GRID_HEIGHTS = [9, 12, 16, 21, 28, 37, 50, 68];
const GRID_SHAPES = [0.35, 0.6, 0.95];
/** From one box of the grid to the next, as a share of its side. */
const GRID_STEP = 0.25;

/** Of all that hang together, so many are looked at: a sheet of noise has thousands. */
const MOST_PIECES = 600;
const SHARE_OF_COMPONENTS = 0.5;
/** Windows beside each component's own: the same, a little off. */
const WIGGLES = 2;

/** The same windows for the same picture. */
export function proposeWindows(picture: Plane, count: number): Box[] {
  const random = seededRandom(5);
  const contrast = contrastOf(picture);
  const rank = ranker(new BoxSums(contrast));
  const pieces = findPieces(contrast, rank);
  const around = pieces
    .flatMap((piece) => [piece, ...repeated(WIGGLES, () => wiggle(piece, random, picture))])
    .slice(0, Math.floor(count * SHARE_OF_COMPONENTS));
  const grid = gridBoxes(picture, rank, count - around.length);
  const anywhere = repeated(count - around.length - grid.length, () => anyWindow(picture, random));
  return [...around, ...grid, ...anywhere];
}

/** How much more ink each pixel has than its surroundings have on average; 0 where it has less. */
function contrastOf(picture: Plane): Plane {
  const { values, height, width } = picture;
  const sums = new BoxSums(picture);
  const contrast = new Float32Array(values.length);
  for (let y = 0, i = 0; y < height; y++) {
    const top = Math.max(0, y - SURROUNDINGS);
    const bottom = Math.min(height, y + SURROUNDINGS + 1);
    for (let x = 0; x < width; x++, i++) {
      const left = Math.max(0, x - SURROUNDINGS);
      const right = Math.min(width, x + SURROUNDINGS + 1);
      const mean = sums.sum(top, left, bottom, right) / ((bottom - top) * (right - left));
      contrast[i] = Math.max(0, values[i] - mean);
    }
  }
  return { values: contrast, height, width };
}

/** Of the box whose first pixel is at `x`, `y`. */
type Rank = (x: number, y: number, width: number, height: number) => number;

/** Much ink inside and little in a frame around it make a high rank. */
function ranker(sums: BoxSums): Rank {
  return (x, y, width, height) => {
    const frame = Math.max(2, Math.round(0.12 * Math.max(width, height)));
    const inside = sums.sum(y, x, y + height, x + width);
    const both = sums.sum(y - frame, x - frame, y + height + frame, x + width + frame);
    const area = width * height;
    const frameArea = (width + 2 * frame) * (height + 2 * frame) - area;
    return inside / area - (1.5 * (both - inside)) / frameArea;
  };
}

/** The boxes of connected ink, and of pairs of them that are near each other; best first. */
function findPieces(contrast: Plane, rank: Rank): Box[] {
  const pieces = THRESHOLDS.flatMap((threshold) => {
    const found = findComponents(contrast, threshold).filter(
      (box) =>
        Math.max(widthOf(box), heightOf(box)) <= LONGEST_SIDE && Math.max(widthOf(box), heightOf(box)) >= 3,
    );
    return [...found, ...nearPairs(found)];
  }).filter((box) => Math.max(widthOf(box), heightOf(box)) >= SHORTEST_LONG_SIDE);
  const ranked = pieces
    .map((box) => ({ box, rank: rank(box.x1, box.y1, widthOf(box), heightOf(box)) }))
    .sort((a, b) => b.rank - a.rank);
  return distinct(ranked.slice(0, MOST_PIECES).map(({ box }) => box));
}

function nearPairs(boxes: readonly Box[]): Box[] {
  const pairs: Box[] = [];
  const large = boxes.filter((box) => Math.max(widthOf(box), heightOf(box)) >= 5);
  large.forEach((a, i) => {
    for (const b of large.slice(i + 1)) {
      const gap = Math.max(a.x1 - b.x2, b.x1 - a.x2, a.y1 - b.y2, b.y1 - a.y2);
      const joined = join(a, b);
      const size = Math.max(widthOf(joined), heightOf(joined));
      if (gap < 0.15 * size && size <= LONGEST_SIDE) pairs.push(joined);
    }
  });
  return pairs;
}

function join(a: Box, b: Box): Box {
  return {
    x1: Math.min(a.x1, b.x1),
    y1: Math.min(a.y1, b.y1),
    x2: Math.max(a.x2, b.x2),
    y2: Math.max(a.y2, b.y2),
  };
}

/** Leaves out boxes that are nearly those before them. */
function distinct(boxes: readonly Box[]): Box[] {
  const kept: Box[] = [];
  for (const box of boxes) if (!kept.some((other) => iou(box, other) > 0.85)) kept.push(box);
  return kept;
}

/** The best of a dense grid, as many of each size; none beside a better one of its shape. */
function gridBoxes(picture: Plane, rank: Rank, count: number): Box[] {
  const shapes = GRID_HEIGHTS.flatMap((height) =>
    GRID_SHAPES.map((shape) => ({ height, width: Math.max(4, Math.round(shape * height)) })),
  ).filter(({ height, width }) => height <= picture.height && width <= picture.width);
  const each = Math.floor(count / shapes.length);
  return shapes.flatMap(({ height, width }) => bestOfShape(picture, rank, height, width).slice(0, each));
}

function bestOfShape(picture: Plane, rank: Rank, height: number, width: number): Box[] {
  const [down, along] = [
    Math.max(2, Math.round(GRID_STEP * height)),
    Math.max(2, Math.round(GRID_STEP * width)),
  ];
  const rows = Math.floor((picture.height - height) / down) + 1;
  const columns = Math.floor((picture.width - width) / along) + 1;
  const ranks = new Float64Array(rows * columns);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      ranks[at] = rank(column * along, row * down, width, height);
    }
  }
  return peaksOf(ranks, rows, columns)
    .sort((a, b) => ranks[b] - ranks[a])
    .map((at) => {
      const [x1, y1] = [(at % columns) * along, Math.floor(at / columns) * down];
      return { x1, y1, x2: x1 + width - 1, y2: y1 + height - 1 };
    });
}

/** Where a positive rank has no higher one beside it. */
function peaksOf(ranks: Float64Array, rows: number, columns: number): number[] {
  const peaks: number[] = [];
  for (let row = 1; row < rows - 1; row++) {
    for (let column = 1; column < columns - 1; column++) {
      const at = row * columns + column;
      if (ranks[at] > 0 && isPeak(ranks, at, columns)) peaks.push(at);
    }
  }
  return peaks;
}

function isPeak(ranks: Float64Array, at: number, columns: number): boolean {
  for (let row = at - columns; row <= at + columns; row += columns) {
    for (let place = row - 1; place <= row + 1; place++) if (ranks[place] > ranks[at]) return false;
  }
  return true;
}

function wiggle({ x1, y1, x2, y2 }: Box, random: Random, picture: Plane): Box {
  const by = (size: number) => Math.round((random() - 0.5) * 0.3 * size);
  const [w, h] = [x2 - x1, y2 - y1];
  const left = clamp(x1 + by(w), 0, picture.width - 1);
  const top = clamp(y1 + by(h), 0, picture.height - 1);
  const right = clamp(x2 + by(w), left, picture.width - 1);
  return { x1: left, y1: top, x2: right, y2: clamp(y2 + by(h), top, picture.height - 1) };
}

function anyWindow({ height, width }: Plane, random: Random): Box {
  const side = (size: number) => Math.ceil(Math.min(size, 6 + random() ** 2 * 0.5 * size));
  const [w, h] = [side(width), side(height)];
  const [x1, y1] = [Math.floor(random() * (width - w + 1)), Math.floor(random() * (height - h + 1))];
  return { x1, y1, x2: x1 + w - 1, y2: y1 + h - 1 };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

function repeated<T>(count: number, make: () => T): T[] {
  return Array.from({ length: Math.max(0, count) }, make);
}
