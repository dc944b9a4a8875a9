/** The bins of one level over one channel of a feature map, as lines over a shaded canvas. */
import type { Bounds, LevelBounds } from 'pyramid-pool';
import { prepare } from '../ui/canvas.js';

export interface GradientCell {
  /** `row * width + column` */
  readonly cell: number;
  readonly gradient: number;
}

export interface PyramidPicture {
  readonly height: number;
  readonly width: number;
  readonly level: LevelBounds;
  /** A colour that stands out on the map. */
  readonly colour: string;
  /** The bin whose cells light up. */
  readonly bin: number;
  /** The cell of the maximum of each bin. */
  readonly maxima: Int32Array;
  readonly landed: readonly GradientCell[];
}

/** The size of one cell of the map on the screen, in CSS pixels. */
export interface CellSize {
  readonly width: number;
  readonly height: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Draws on a canvas whose cells have this size. */
export function drawPyramid(canvas: HTMLCanvasElement, picture: PyramidPicture, cell: CellSize): void {
  const { height, width, level, bin, maxima, landed, colour } = picture;
  const context = prepare(canvas, width * cell.width, height * cell.height);
  const chosen = boxOf(level, bin, cell);
  dimOutside(context, chosen, width * cell.width, height * cell.height);
  for (let i = 0; i < maxima.length; i++)
    outline(context, boxOf(level, i, cell), 'rgb(255 255 255 / 65%)', 1);
  outline(context, chosen, colour, 3);
  maxima.forEach((index, i) => {
    if (i !== bin) mark(context, index, width, cell, 2, 'rgb(255 255 255 / 85%)');
  });
  for (const landing of landed) label(context, landing, width, cell);
  ring(context, maxima[bin], width, cell, colour);
}

function boxOf({ rows, columns }: LevelBounds, bin: number, cell: CellSize): Box {
  const [top, bottom] = rows[Math.floor(bin / columns.length)];
  const [left, right] = columns[bin % columns.length];
  return {
    left: left * cell.width,
    top: top * cell.height,
    width: (right - left) * cell.width,
    height: (bottom - top) * cell.height,
  };
}

function dimOutside(context: CanvasRenderingContext2D, box: Box, width: number, height: number): void {
  context.fillStyle = 'rgb(8 10 20 / 50%)';
  context.beginPath();
  context.rect(0, 0, width, height);
  context.rect(box.left, box.top, box.width, box.height);
  context.fill('evenodd');
}

/** Outlines a bin, a little inside its edge, so that the outlines of overlapping bins do not coincide. */
function outline(context: CanvasRenderingContext2D, box: Box, colour: string, line: number): void {
  const inset = Math.min(line / 2 + 1, box.width / 4, box.height / 4);
  context.strokeStyle = colour;
  context.lineWidth = line;
  context.strokeRect(box.left + inset, box.top + inset, box.width - 2 * inset, box.height - 2 * inset);
}

function centreOf(index: number, width: number, cell: CellSize): [x: number, y: number] {
  return [((index % width) + 0.5) * cell.width, (Math.floor(index / width) + 0.5) * cell.height];
}

const smaller = ({ width, height }: CellSize) => Math.min(width, height);

function mark(
  context: CanvasRenderingContext2D,
  index: number,
  width: number,
  cell: CellSize,
  radius: number,
  colour: string,
): void {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(...centreOf(index, width, cell), radius, 0, 2 * Math.PI);
  context.fill();
}

function ring(
  context: CanvasRenderingContext2D,
  index: number,
  width: number,
  cell: CellSize,
  colour: string,
): void {
  const radius = Math.max(5, Math.min(smaller(cell) * 0.55, 12));
  for (const [stroke, line] of [
    ['rgb(8 10 20)', 5],
    [colour, 2.5],
  ] as const) {
    context.strokeStyle = stroke;
    context.lineWidth = line;
    context.beginPath();
    context.arc(...centreOf(index, width, cell), radius, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** A gradient where it landed, as a disc with its amount. */
function label(
  context: CanvasRenderingContext2D,
  { cell: index, gradient }: GradientCell,
  width: number,
  cell: CellSize,
): void {
  const radius = Math.max(4, Math.min(smaller(cell) * 0.5, 11));
  mark(context, index, width, cell, radius, '#ff5f87');
  if (radius < 8) return;
  context.fillStyle = '#22060f';
  context.font = `700 ${Math.round(radius * 1.1)}px Inter, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  const [x, y] = centreOf(index, width, cell);
  context.fillText(`+${gradient}`, x, y + 0.5);
}

/** The bin whose middle is nearest among those that read this row and column. */
export function binAt({ rows, columns }: LevelBounds, row: number, column: number): number {
  return nearest(rows, row) * columns.length + nearest(columns, column);
}

function nearest(bounds: readonly Bounds[], cell: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  bounds.forEach(([start, end], i) => {
    const distance = Math.abs((start + end) / 2 - cell);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}
