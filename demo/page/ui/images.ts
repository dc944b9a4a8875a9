import { inkOf, type Plane } from '../../ink/plane.js';

/** Larger images are reduced to this, so that the network answers quickly. */
const LONGEST_SIDE = 384;

export interface Picture extends Plane {
  /** Its colours, where it has any: red, green, blue and opacity of each pixel, from 0 to 255. */
  readonly colours?: Uint8ClampedArray<ArrayBuffer>;
  /** Width and height as it was, where it was too large. */
  readonly shrunkFrom?: readonly [width: number, height: number];
}

/** Its size in words, and what it was shrunk from. */
export function sizeOf({ width, height, shrunkFrom }: Picture): string {
  const from = shrunkFrom ? `, shrunk from ${shrunkFrom.join(' × ')}` : '';
  return `${width} × ${height} pixels${from}`;
}

/** Ink from 0 (paper) to 1 of an image file of any size. Throws a message for the visitor where it is no image. */
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
  const { data: colours } = context.getImageData(0, 0, width, height);
  const plane = inkOf(colours, width, height);
  return { ...plane, colours, ...(scale < 1 && { shrunkFrom: [sourceWidth, sourceHeight] as const }) };
}
