import type { Plane } from '../../ink/plane.js';
import { writeShade } from './colours.js';

export function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no 2-D canvas');
  return context;
}

/** Clears a canvas and makes it so many CSS pixels large, sharp on every screen. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = context2d(canvas);
  context.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
  return context;
}

/** One canvas pixel a cell, shaded from 0 to `most`; the style sheet makes it larger. */
export function drawPlane(canvas: HTMLCanvasElement, { values, height, width }: Plane, most: number): void {
  canvas.width = width;
  canvas.height = height;
  const picture = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) writeShade(picture.data, 4 * i, most > 0 ? values[i] / most : 0);
  context2d(canvas).putImageData(picture, 0, 0);
}

/** As drawPlane, in shades of grey as the image was. */
export function drawGrey(canvas: HTMLCanvasElement, { values, height, width }: Plane): void {
  canvas.width = width;
  canvas.height = height;
  const picture = new ImageData(width, height);
  picture.data.fill(255);
  for (let i = 0; i < width * height; i++) picture.data.fill(255 * (1 - values[i]), 4 * i, 4 * i + 3);
  context2d(canvas).putImageData(picture, 0, 0);
}

/** Draws an image in its colours: red, green, blue and opacity of each pixel. */
export function drawColours(
  canvas: HTMLCanvasElement,
  { height, width }: Plane,
  colours: Uint8ClampedArray<ArrayBuffer>,
): void {
  canvas.width = width;
  canvas.height = height;
  context2d(canvas).putImageData(new ImageData(colours, width, height), 0, 0);
}

/** As drawPlane, but only the ink, in one colour, and nothing where there is none. */
export function drawInk(
  canvas: HTMLCanvasElement,
  { values, height, width }: Plane,
  rgb: readonly number[],
): void {
  canvas.width = width;
  canvas.height = height;
  const picture = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) picture.data.set([...rgb, 255 * values[i]], 4 * i);
  context2d(canvas).putImageData(picture, 0, 0);
}

export function greatest(values: Float32Array): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}
