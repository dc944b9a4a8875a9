import type { Plane } from './canvas.js';

/** Larger images are shrunk to this before the network sees them, so that it keeps up with the visitor. */
const LONGEST_SIDE = 384;

export interface Picture extends Plane {
  /** Width and height as it was, where it was too large. */
  readonly shrunkFrom?: readonly [width: number, height: number];
}

/** Its size in words, and what it was shrunk from. */
export function sizeOf({ width, height, shrunkFrom }: Picture): string {
  const from = shrunkFrom ? `, shrunk from ${shrunkFrom.join(' × ')}` : '';
  return `${width} × ${height} pixels${from}`;
}

/** Ink from 0 (paper) to 1 of an image file of any size; throws a sentence where it is no image. */
export async function readImage(file: Blob): Promise<Picture> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error('This is not an image that the browser can read.');
  });
  try {
    return pictureOf(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

export function pictureOf(source: CanvasImageSource, sourceWidth: number, sourceHeight: number): Picture {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(sourceWidth, sourceHeight));
  const width = Math.max(1, Math.round(sourceWidth * scale));
  const height = Math.max(1, Math.round(sourceHeight * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('this browser has no 2-D canvas');
  // What is transparent is paper.
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(source, 0, 0, width, height);
  const values = inkOf(context.getImageData(0, 0, width, height).data, width, height);
  return { values, height, width, ...(scale < 1 && { shrunkFrom: [sourceWidth, sourceHeight] as const }) };
}

/** The network learnt bright ink on black. So an image with a bright border is turned into its negative. */
function inkOf(rgba: Uint8ClampedArray, width: number, height: number): Float32Array {
  const brightness = new Float32Array(width * height);
  for (let i = 0; i < brightness.length; i++) {
    brightness[i] = (0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2]) / 255;
  }
  return borderMean(brightness, width, height) > 0.5 ? brightness.map((value) => 1 - value) : brightness;
}

function borderMean(values: Float32Array, width: number, height: number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const [y, x] = [Math.floor(i / width), i % width];
    if (y > 0 && y < height - 1 && x > 0 && x < width - 1) continue;
    sum += values[i];
    count++;
  }
  return sum / count;
}

/** The rectangle that the ink fills, or nothing where there is none. */
export function cropToInk({ values, height, width }: Plane): Plane | undefined {
  let [top, left, bottom, right] = [height, width, 0, 0];
  for (let i = 0; i < values.length; i++) {
    if (values[i] <= 0.1) continue;
    const [y, x] = [Math.floor(i / width), i % width];
    [top, left, bottom, right] = [
      Math.min(top, y),
      Math.min(left, x),
      Math.max(bottom, y + 1),
      Math.max(right, x + 1),
    ];
  }
  if (bottom === 0) return undefined;
  const [h, w] = [bottom - top, right - left];
  const cropped = Float32Array.from(
    { length: h * w },
    (_, i) => values[(top + Math.floor(i / w)) * width + left + (i % w)],
  );
  return { values: cropped, height: h, width: w };
}
