import { inkOf, type Plane } from '../../ink/plane.js';

/** Larger images are reduced to this, so that the network answers quickly. */
const LONGEST_SIDE = 384;

export interface Picture extends Plane {
  /** Its colours, where it has any: red, green, blue and opacity of each pixel, from 0 to 255. */
  readonly colours?: Uint8ClampedArray<ArrayBuffer>;
  /** Width and height as it was, where it was too large. */
  readonly shrunkFrom?: readonly [width: number, height: number];
}

/** The size of an image as a text, with the size that it was reduced from. */
export function sizeOf({ width, height, shrunkFrom }: Picture): string {
  const from = shrunkFrom ? `, shrunk from ${shrunkFrom.join(' × ')}` : '';
  return `${width} × ${height} pixels${from}`;
}

/** An image file of any size, turned as its camera was held; throws a message for the visitor where it is no image. */
export function decodeImage(file: Blob): Promise<ImageBitmap> {
  return createImageBitmap(file).catch(() => {
    throw new Error('This is not an image that the browser can read.');
  });
}

/** The ink of an image, from 0 (paper) to 1. Closes the image. */
export function pictureOf(bitmap: ImageBitmap): Picture {
  const { height, width } = sizeWithin(LONGEST_SIDE, bitmap);
  const colours = coloursOf(bitmap, height, width);
  const picture = { ...inkOf(colours, width, height), colours, ...shrunkFrom(bitmap, width) };
  bitmap.close();
  return picture;
}

/** The original size of an image that was reduced, or nothing. */
export function shrunkFrom({ height, width }: ImageBitmap, nowWide: number): Pick<Picture, 'shrunkFrom'> {
  return nowWide < width ? { shrunkFrom: [width, height] } : {};
}

/** The size in whole pixels, made smaller where its longer side is longer than `longest`. */
export function sizeWithin(
  longest: number,
  { height, width }: { height: number; width: number },
): { height: number; width: number } {
  const scale = Math.min(1, longest / Math.max(height, width));
  const scaled = (side: number) => Math.max(1, Math.round(side * scale));
  return { height: scaled(height), width: scaled(width) };
}

/** Red, green, blue and opacity of each pixel, at this size. What is transparent is white paper. */
export function coloursOf(
  source: CanvasImageSource,
  height: number,
  width: number,
): Uint8ClampedArray<ArrayBuffer> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('this browser has no 2-D canvas');
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}
