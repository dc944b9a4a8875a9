import type { LevelBounds } from 'pyramid-pool';
import type { Box } from '../../detect/box.js';
import type { Detection } from '../../detect/detect.js';
import type { Plane } from '../../ink/plane.js';
import { prepare } from '../ui/canvas.js';

export interface WindowsPicture {
  /** Of the image, in pixels. */
  readonly height: number;
  readonly width: number;
  /** The one under the pointer, and the cells of one level that its bins read. */
  readonly chosen: Box | undefined;
  readonly bins: LevelBounds | undefined;
  /** Image pixels of a cell of the map. */
  readonly step: number;
  /** What looks like the window that was asked for. */
  readonly alike: readonly { readonly window: Box; readonly text: string }[];
  /** Digits that were found; of the one that is looked at, also the windows that led to it. */
  readonly boxes: readonly Detection[];
  readonly pointedAt: Detection | undefined;
  readonly led: readonly Box[];
}

const CHOSEN = '#ffb454';
const ALIKE = '#5fe0a0';
const DIGIT = '#7aa2ff';
const POINTED_AT = '#ff8ad0';
/** Height of a label, in CSS pixels. */
const LABEL = 17;

/** Draws thousands of windows on a canvas that lies over the image, `scale` CSS pixels an image pixel. */
export function drawEvery(
  canvas: HTMLCanvasElement,
  { height, width }: Plane,
  windows: readonly Box[],
  scale: number,
): void {
  const context = prepare(canvas, width * scale, height * scale);
  context.strokeStyle = 'rgb(90 130 255 / 12%)';
  context.lineWidth = 1;
  for (const window of windows) context.strokeRect(...rectangle(window, scale));
}

/** Draws the windows and boxes that matter on another such canvas. */
export function drawWindows(canvas: HTMLCanvasElement, picture: WindowsPicture, scale: number): void {
  const { height, width, chosen, bins, step, alike, boxes, pointedAt, led } = picture;
  const context = prepare(canvas, width * scale, height * scale);
  context.font = '600 12px Inter, sans-serif';
  for (const { window, text } of alike) {
    frame(context, rectangle(window, scale), ALIKE, 2.5);
    label(context, window, text, ALIKE, height, scale);
  }
  if (chosen && bins) drawBins(context, bins, step * scale);
  for (const window of led) frame(context, rectangle(window, scale), POINTED_AT, 0.75);
  drawBoxes(context, boxes, pointedAt, height, scale);
  if (chosen) frame(context, rectangle(chosen, scale), CHOSEN, 2);
}

/** Draws digits that were found, with class and score. */
export function drawDigits(
  canvas: HTMLCanvasElement,
  { height, width }: Plane,
  boxes: readonly Detection[],
  scale: number,
): void {
  const context = prepare(canvas, width * scale, height * scale);
  context.font = '600 12px Inter, sans-serif';
  drawBoxes(context, boxes, undefined, height, scale);
}

function drawBoxes(
  context: CanvasRenderingContext2D,
  boxes: readonly Detection[],
  pointedAt: Detection | undefined,
  height: number,
  scale: number,
): void {
  // The strongest ones last: they lie over the others.
  for (const detection of boxes.toReversed()) {
    const colour = detection === pointedAt ? POINTED_AT : DIGIT;
    frame(context, rectangle(detection.box, scale), colour, 2);
    label(context, detection.box, `${detection.label} ${detection.score.toFixed(2)}`, colour, height, scale);
  }
}

type Rectangle = [x: number, y: number, width: number, height: number];

function rectangle({ x1, y1, x2, y2 }: Box, scale: number): Rectangle {
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
  { x1, y1, y2 }: Box,
  text: string,
  colour: string,
  height: number,
  scale: number,
): void {
  const { width } = context.measureText(text);
  const below = (y2 + 1) * scale + 4;
  const [x, y] = [x1 * scale, below + LABEL <= height * scale ? below : y1 * scale - LABEL - 4];
  context.fillStyle = 'rgb(8 10 20 / 85%)';
  context.fillRect(x - 1, y, width + 8, LABEL);
  context.fillStyle = colour;
  context.fillText(text, x + 3, y + 13);
}
