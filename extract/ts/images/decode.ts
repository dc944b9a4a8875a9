import sharp from 'sharp';
import type { Size } from './size.js';

// Images are decoded beside each other, not each by several threads; and none is needed twice.
sharp.concurrency(1);
sharp.cache(false);

/** The decoder's versions: its answers depend on them. */
export const decoderVersions = { sharp: sharp.versions.sharp, libvips: sharp.versions.vips };

/** An image's file, and what its header says. */
export interface ImageHeader {
  readonly file: Buffer;
  /** The image turned upright, as its EXIF data say. */
  readonly size: Size;
  readonly hasAlpha: boolean;
  /** Bytes of the decoded image. */
  readonly decodedBytes: number;
}

/** Pixels of 8 bits, channel by channel of each pixel. */
export interface Pixels extends Size {
  readonly data: Uint8Array;
  readonly channels: number;
}

// A warning of a decoder is no reason to give up an image, but a file that ends early is.
const reading = { failOn: 'error', limitInputPixels: false } as const;

/** Reads the header of an image. Throws where the file is none that can be decoded. */
export async function readHeader(file: Buffer): Promise<ImageHeader> {
  if (file.length === 0) throw new Error('the file is empty');
  const { autoOrient, width, height, hasAlpha, channels, depth } = await sharp(file, reading).metadata();
  const size = autoOrient ?? { width, height };
  const bytesPerChannel = depth === 'ushort' ? 2 : 1;
  return { file, size, hasAlpha, decodedBytes: width * height * channels * bytesPerChannel };
}

/**
 * Decodes the first frame of an image: turned upright, in sRGB or in grey, scaled, and laid on a background where it is
 * transparent.
 */
export async function decodeImage(
  { file, size, hasAlpha }: ImageHeader,
  target: Size,
  { channels, background }: { channels: number; background: string },
): Promise<Pixels> {
  const image = sharp(file, reading).autoOrient();
  if (hasAlpha) image.flatten({ background });
  if (target.width !== size.width || target.height !== size.height) image.resize({ ...target, fit: 'fill' });
  image.toColourspace(channels === 1 ? 'b-w' : 'srgb');
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}
