/** Windows that may hold something, as detectors propose them: around pieces of ink, and anywhere. */

import type { Plane } from '../../ink/plane.js';
import { type Random, seededRandom } from '../../train/random.js';

/** Pixel positions from 0, both corners within the window. */
export interface Window {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

const INK = 0.35;
const SMALLEST = 6;
/** At most this share of the windows is spent on pieces of ink. */
const SHARE_AROUND_INK = 0.5;
const WIGGLES = 12;

/** The same windows for the same picture. */
export function proposeWindows(picture: Plane, count: number): Window[] {
  const random = seededRandom(5);
  const pieces = findPieces(picture);
  const wiggled = pieces.flatMap((piece) => [
    piece,
    ...Array.from({ length: WIGGLES }, () => wiggle(piece, random, picture)),
  ]);
  const around = wiggled.slice(0, Math.floor(count * SHARE_AROUND_INK));
  const anywhere = Array.from({ length: count - around.length }, () => anyWindow(picture, random));
  return [...around, ...anywhere];
}

/** The bounding boxes of what hangs together, largest first. */
function findPieces({ values, height, width }: Plane): Window[] {
  const seen = new Uint8Array(values.length);
  const pieces: Window[] = [];
  for (let start = 0; start < values.length; start++) {
    if (seen[start] || values[start] < INK) continue;
    const piece = flood(values, height, width, start, seen);
    if (piece.x2 - piece.x1 >= SMALLEST || piece.y2 - piece.y1 >= SMALLEST) pieces.push(piece);
  }
  const area = ({ x1, y1, x2, y2 }: Window) => (x2 - x1) * (y2 - y1);
  return pieces.sort((a, b) => area(b) - area(a));
}

function flood(values: Float32Array, height: number, width: number, start: number, seen: Uint8Array): Window {
  const open = [start];
  seen[start] = 1;
  let [x1, y1, x2, y2] = [width, height, 0, 0];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [y, x] = [Math.floor(at / width), at % width];
    [x1, y1, x2, y2] = [Math.min(x1, x), Math.min(y1, y), Math.max(x2, x), Math.max(y2, y)];
    for (const [ny, nx] of [
      [y - 1, x],
      [y + 1, x],
      [y, x - 1],
      [y, x + 1],
    ]) {
      const next = ny * width + nx;
      if (ny < 0 || nx < 0 || ny >= height || nx >= width || seen[next] || values[next] < INK) continue;
      seen[next] = 1;
      open.push(next);
    }
  }
  return { x1, y1, x2, y2 };
}

function wiggle({ x1, y1, x2, y2 }: Window, random: Random, { height, width }: Plane): Window {
  const by = (size: number) => Math.round((random() - 0.5) * 0.35 * size);
  const [w, h] = [x2 - x1, y2 - y1];
  const left = clamp(x1 + by(w), 0, width - SMALLEST);
  const top = clamp(y1 + by(h), 0, height - SMALLEST);
  const right = clamp(x2 + by(w), left + SMALLEST - 1, width - 1);
  return { x1: left, y1: top, x2: right, y2: clamp(y2 + by(h), top + SMALLEST - 1, height - 1) };
}

function anyWindow({ height, width }: Plane, random: Random): Window {
  const side = (size: number) => Math.round(Math.min(size, SMALLEST + random() ** 2 * 0.6 * size));
  const [w, h] = [side(width), side(height)];
  const [x1, y1] = [Math.floor(random() * (width - w + 1)), Math.floor(random() * (height - h + 1))];
  return { x1, y1, x2: x1 + w - 1, y2: y1 + h - 1 };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/** What the pool of regions reads: `[K, 5]` of item, x1, y1, x2, y2. */
export function toRois(windows: readonly Window[]): { data: Float32Array; dims: [number, number] } {
  const data = new Float32Array(windows.length * 5);
  windows.forEach(({ x1, y1, x2, y2 }, i) => {
    data.set([0, x1, y1, x2, y2], 5 * i);
  });
  return { data, dims: [windows.length, 5] };
}

/** The window that most plausibly is meant by a point: the one whose middle is nearest, small ones first. */
export function windowAt(windows: readonly Window[], x: number, y: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  windows.forEach(({ x1, y1, x2, y2 }, i) => {
    if (x < x1 || x > x2 || y < y1 || y > y2) return;
    const distance = Math.hypot((x1 + x2) / 2 - x, (y1 + y2) / 2 - y) + 0.15 * Math.hypot(x2 - x1, y2 - y1);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}
