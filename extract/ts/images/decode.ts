import sharp, { type Metadata } from 'sharp';
import { messageOf } from '../core/errors.js';
import type { Size } from './size.js';

// Images are decoded beside each other, not each by several threads; and none is needed twice.
sharp.concurrency(1);
sharp.cache(false);

/** The decoder's versions: its answers depend on them. */
export const decoderVersions = { sharp: sharp.versions.sharp, libvips: sharp.versions.vips };

/** An image's file, and what its header says. */
export interface ImageHeader {
  readonly file: Buffer;
  /** Such as `jpeg`. */
  readonly format: string;
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
  const { autoOrient, width, height, format, hasAlpha, channels, depth } = await readMetadata(file);
  const size = autoOrient ?? { width, height };
  const bytesPerChannel = depth === 'ushort' ? 2 : 1;
  return { file, format, size, hasAlpha, decodedBytes: width * height * channels * bytesPerChannel };
}

/**
 * What libvips says of an error may be of an image that another thread decodes at the same time: its messages are kept for the whole
 * process. So reasons are our own: the same file must have the same one whenever it is read, as it is written into a part.
 */
async function readMetadata(file: Buffer): Promise<Metadata> {
  try {
    return await sharp(file, reading).metadata();
  } catch (cause) {
    const isUnknown = messageOf(cause).includes('unsupported image format');
    const why = isUnknown
      ? 'it is no image of a format that is known here'
      : 'its header is damaged or cut off';
    throw new Error(why, { cause });
  }
}

/**
 * Decodes the first frame of an image: turned upright, in sRGB or in grey, scaled, and laid on a background where it is
 * transparent.
 */
export async function decodeImage(
  { file, format, size, hasAlpha }: ImageHeader,
  target: Size,
  { channels, background }: { channels: number; background: string },
): Promise<Pixels> {
  const image = sharp(file, reading).autoOrient();
  if (hasAlpha) image.flatten({ background });
  if (target.width !== size.width || target.height !== size.height) image.resize({ ...target, fit: 'fill' });
  image.toColourspace(channels === 1 ? 'b-w' : 'srgb').raw({ depth: 'uchar' });
  try {
    const { data, info } = await image.toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels };
  } catch (cause) {
    const { width, height } = size;
    const why = `it is damaged, cut off, or of a kind that is not known here (${format}, ${width} x ${height} by its header)`;
    throw new Error(why, { cause });
  }
}
