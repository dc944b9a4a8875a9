/** Draws maps and bins on canvases, a few screen pixels a cell. */
import type { LevelBounds } from 'pyramid-pool';

const CELL = 14;

/** Cells as shades from dark blue to yellow. */
export function drawMap(canvas: HTMLCanvasElement, cells: Float32Array, height: number, width: number): void {
  canvas.width = width * CELL;
  canvas.height = height * CELL;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `${height} by ${width} cells`);
  const context = contextOf(canvas);
  const [low, high] = [Math.min(...cells), Math.max(...cells)];
  cells.forEach((value, i) => {
    const share = high > low ? (value - low) / (high - low) : 0;
    context.fillStyle = `hsl(${240 - 190 * share} 70% ${18 + 45 * share}%)`;
    context.fillRect((i % width) * CELL, Math.floor(i / width) * CELL, CELL, CELL);
  });
}

/** The outline of every bin, inset so that overlaps show, and a dot where its maximum stands. */
export function drawBins(
  canvas: HTMLCanvasElement,
  { rows, columns }: LevelBounds,
  indices: Int32Array,
  width: number,
): void {
  const context = contextOf(canvas);
  context.lineWidth = 1.5;
  context.strokeStyle = 'white';
  for (const [top, bottom] of rows) {
    for (const [left, right] of columns) {
      context.strokeRect(
        left * CELL + 2,
        top * CELL + 2,
        (right - left) * CELL - 4,
        (bottom - top) * CELL - 4,
      );
    }
  }
  context.fillStyle = 'white';
  for (const index of indices) {
    context.beginPath();
    context.arc(((index % width) + 0.5) * CELL, (Math.floor(index / width) + 0.5) * CELL, 3, 0, 2 * Math.PI);
    context.fill();
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no 2-D canvas');
  return context;
}
