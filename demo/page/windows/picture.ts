import type { LevelBounds } from 'pyramid-pool';
import type { Plane } from '../../ink/plane.js';
import { prepare } from '../ui/canvas.js';
import type { Window } from './proposals.js';

export interface WindowsPicture {
  /** Of the image, in pixels. */
  readonly height: number;
  readonly width: number;
  /** The one under the pointer, and the cells of one level that its bins read. */
  readonly chosen: Window | undefined;
  readonly bins: LevelBounds | undefined;
  /** Image pixels of a cell of the map. */
  readonly step: number;
  readonly found: readonly { readonly window: Window; readonly text: string }[];
}

const CHOSEN = '#ffb454';
const FOUND = '#5fe0a0';
/** Height of a label, in CSS pixels. */
const LABEL = 17;

/** Draws thousands of windows on a canvas that lies over the image, `scale` CSS pixels an image pixel. */
export function drawEvery(
  canvas: HTMLCanvasElement,
  { height, width }: Plane,
  windows: readonly Window[],
  scale: number,
): void {
  const context = prepare(canvas, width * scale, height * scale);
  context.strokeStyle = 'rgb(90 130 255 / 12%)';
  context.lineWidth = 1;
  for (const window of windows) context.strokeRect(...rectangle(window, scale));
}

/** Draws the windows that matter on another such canvas. */
export function drawWindows(canvas: HTMLCanvasElement, picture: WindowsPicture, scale: number): void {
  const { height, width, chosen, bins, step, found } = picture;
  const context = prepare(canvas, width * scale, height * scale);
  context.font = '600 12px Inter, sans-serif';
  for (const { window, text } of found) {
    frame(context, rectangle(window, scale), FOUND, 2.5);
    label(context, window, text, height, scale);
  }
  if (!chosen) return;
  if (bins) drawBins(context, bins, step * scale);
  frame(context, rectangle(chosen, scale), CHOSEN, 2.5);
}

type Rectangle = [x: number, y: number, width: number, height: number];

function rectangle({ x1, y1, x2, y2 }: Window, scale: number): Rectangle {
  return [x1 * scale, y1 * scale, (x2 - x1 + 1) * scale, (y2 - y1 + 1) * scale];
}

function frame(
  context: CanvasRenderingContext2D,
  [x, y, w, h]: Rectangle,
  colour: string,
  line: number,
): void {
  for (const [stroke, width] of [
    ['rgb(8 10 20 / 80%)', line + 2],
    [colour, line],
  ] as const) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.strokeRect(x, y, w, h);
  }
}

function drawBins(context: CanvasRenderingContext2D, { rows, columns }: LevelBounds, cell: number): void {
  context.lineWidth = 1;
  context.strokeStyle = 'rgb(190 90 0)';
  context.fillStyle = 'rgb(255 180 84 / 14%)';
  for (const [top, bottom] of rows) {
    for (const [left, right] of columns) {
      const box: Rectangle = [left * cell, top * cell, (right - left) * cell, (bottom - top) * cell];
      context.fillRect(...box);
      context.strokeRect(...box);
    }
  }
}

/** Below the window, or above it where the picture ends. */
function label(
  context: CanvasRenderingContext2D,
  { x1, y1, y2 }: Window,
  text: string,
  height: number,
  scale: number,
): void {
  const { width } = context.measureText(text);
  const below = (y2 + 1) * scale + 4;
  const [x, y] = [x1 * scale, below + LABEL <= height * scale ? below : y1 * scale - LABEL - 4];
  context.fillStyle = 'rgb(8 10 20 / 85%)';
  context.fillRect(x - 1, y, width + 8, LABEL);
  context.fillStyle = FOUND;
  context.fillText(text, x + 3, y + 13);
}
