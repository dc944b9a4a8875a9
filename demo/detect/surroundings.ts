import type { Plane } from '../ink/plane.js';
import { INK, strokeOf, waysThrough } from './strokes-of-ink.js';

/** What is so many times as broad as the strokes on the paper is no stroke. */
const BROAD = 2.5;
/** No digit is as long as this share of the picture's shorter side and yet so broad. */
const LONG = 0.5;
/** How far the soft edge of what is left out reaches, by the longer side of the picture. */
const EDGE = 1 / 300;

/**
 * Leaves out what lies around the paper, such as a dark table: pieces of connected ink that reach the border of the picture, or from
 * one half of it into the other, and are broader than strokes are. Lines of the paper reach that far too, but are narrow.
 */
export function withoutSurroundings(ink: Plane): Plane {
  const ways = waysThrough(ink);
  const pieces = piecesOf(ink).filter((piece) => reachesFar(piece, ink));
  const inside = ways.slice();
  for (const { places } of pieces) for (const at of places) inside[at] = 0;
  const stroke = strokeOf(inside);
  if (stroke === undefined) return ink;
  const values = ink.values.slice();
  const edge = Math.ceil(EDGE * Math.max(ink.height, ink.width));
  for (const { places } of pieces) {
    const broad = places.reduce((sum, at) => sum + ways[at], 0) / places.length;
    if (broad > BROAD * stroke) for (const at of places) wipe(values, ink, at, edge);
  }
  return { ...ink, values };
}

/** The square of this radius around a place. */
function wipe(values: Float32Array, { height, width }: Plane, at: number, radius: number): void {
  const [row, column] = [Math.floor(at / width), at % width];
  const [left, right] = [Math.max(0, column - radius), Math.min(width, column + radius + 1)];
  for (let y = Math.max(0, row - radius); y <= Math.min(height - 1, row + radius); y++) {
    values.fill(0, y * width + left, y * width + right);
  }
}

interface Piece {
  readonly places: readonly number[];
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

function reachesFar({ top, left, bottom, right }: Piece, { height, width }: Plane): boolean {
  if (top === 0 || left === 0 || bottom === height - 1 || right === width - 1) return true;
  return Math.max(bottom - top, right - left) > LONG * Math.min(height, width);
}

function piecesOf({ values, height, width }: Plane): Piece[] {
  const seen = new Uint8Array(values.length);
  const pieces: Piece[] = [];
  for (let start = 0; start < seen.length; start++) {
    if (seen[start] || !(values[start] > INK)) continue;
    const places = [start];
    seen[start] = 1;
    const reach = (at: number) => {
      if (seen[at] || !(values[at] > INK)) return;
      seen[at] = 1;
      places.push(at);
    };
    let [top, left, bottom, right] = [height, width, 0, 0];
    // It grows while it is gone through.
    for (let i = 0; i < places.length; i++) {
      const at = places[i];
      const [y, x] = [Math.floor(at / width), at % width];
      [top, left, bottom, right] = [
        Math.min(top, y),
        Math.min(left, x),
        Math.max(bottom, y),
        Math.max(right, x),
      ];
      if (x > 0) reach(at - 1);
      if (x < width - 1) reach(at + 1);
      if (y > 0) reach(at - width);
      if (y < height - 1) reach(at + width);
    }
    pieces.push({ places, top, left, bottom, right });
  }
  return pieces;
}
