/** Draws features and vectors, in the colours of the demo. */
import { context2d } from '../page/ui/canvas.js';
import { levelColour, pageColour, writeShade } from '../page/ui/colours.js';

/** A slope this steep is shown in the brightest colour. */
const STEEPEST = 0.25;
const HIGHEST = 0.5;

/** All filters side by side, two rows of them. */
export function drawFeatures(
  canvas: HTMLCanvasElement,
  features: Float32Array,
  [filters, height, width]: readonly number[],
): void {
  const columns = Math.ceil(filters / 2);
  canvas.width = columns * width;
  canvas.height = 2 * height;
  const image = new ImageData(canvas.width, canvas.height);
  features.forEach((value, i) => {
    const filter = Math.floor(i / (height * width));
    const y = Math.floor((i % (height * width)) / width) + Math.floor(filter / columns) * height;
    const x = (i % width) + (filter % columns) * width;
    writeShade(image.data, 4 * (y * canvas.width + x), value / STEEPEST);
  });
  context2d(canvas).putImageData(image, 0, 0);
}

/** A bar for each value, in the colour of its level. */
export function drawVector(
  canvas: HTMLCanvasElement,
  values: Float32Array,
  filters: number,
  levels: readonly number[],
): void {
  canvas.width = 4 * values.length;
  canvas.height = 128;
  const context = context2d(canvas);
  let at = 0;
  levels.forEach((level, place) => {
    context.fillStyle = pageColour(levelColour(place));
    for (const end = at + filters * level ** 2; at < end; at++) {
      const height = Math.min(1, values[at] / HIGHEST) * canvas.height;
      context.fillRect(4 * at, canvas.height - height, 3, height);
    }
  });
}
