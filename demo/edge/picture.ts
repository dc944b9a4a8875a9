import { convertIndexedToRgb, type DecodedPng, decode as decodePng } from 'fast-png';
import { decode as decodeJpeg } from 'jpeg-js';
import { inkOf, inkOfGrey, type Plane } from '../ink/plane.js';
import { JPEG_MEGABYTES, MOST_PIXELS } from './limits.js';
import { checkedPng, sizeOfPng } from './png.js';
import { Refusal } from './refusal.js';

/** The ink of a picture file, whose first bytes tell its format. */
export function readPicture(bytes: Uint8Array): Plane {
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
    return readable('PNG', () => readPng(bytes));
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return readable('JPEG', () => readJpeg(bytes));
  throw new Refusal(415, 'unsupported-type', 'the picture is neither a PNG nor a JPEG');
}

/** The ink of raw pixels: one byte of grey each, row by row. */
export function readRaw(bytes: Uint8Array, height: number, width: number): Plane {
  checkSize(height, width);
  if (bytes.length !== height * width) {
    const needed = `size ${height}x${width} needs ${height * width}: one for each pixel`;
    throw new Refusal(400, 'invalid-body', `the body has ${bytes.length} bytes, but ${needed}`);
  }
  return inkOfGrey({ values: Float32Array.from(bytes, (grey) => grey / 255), height, width });
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/** Refuses a picture on which a decoder throws. */
function readable(kind: string, read: () => Plane): Plane {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal(400, 'invalid-picture', `the ${kind} cannot be read: ${why}`);
  }
}

function checkSize(height: number, width: number): void {
  if (height < 1 || width < 1) throw new Error('it has no pixels');
  if (height * width > MOST_PIXELS) {
    const found = `the picture has ${height} x ${width} pixels`;
    throw new Refusal(413, 'too-large', `${found}, but at most ${MOST_PIXELS} are taken`);
  }
}

function readPng(bytes: Uint8Array): Plane {
  const { height, width } = sizeOfPng(bytes);
  checkSize(height, width);
  const png = decodePng(checkedPng(bytes), { checkCrc: true });
  return inkOf(toRgba(png), width, height);
}

/** Eight bits of red, green and blue a pixel, and four bytes from one to the next. What is transparent becomes paper. */
function toRgba(png: DecodedPng): Uint8Array {
  const { width, height, depth } = png;
  const indexed = png.palette !== undefined;
  const data = indexed ? convertIndexedToRgb(png) : unpacked(png);
  const channels = data.length / (width * height);
  const scale = indexed ? 1 : 255 / (2 ** depth - 1);
  const colours = channels > 2 ? 3 : 1;
  const rgba = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const opaque = channels > colours ? (data[i * channels + colours] * scale) / 255 : 1;
    for (let c = 0; c < 3; c++) {
      const colour = data[i * channels + (colours === 3 ? c : 0)] * scale;
      rgba[4 * i + c] = Math.round(255 + (colour - 255) * opaque);
    }
  }
  return rgba;
}

/** One element a sample: greys of less than eight bits share bytes, and rows begin with a byte of their own. */
function unpacked({ data, depth, width, height }: DecodedPng): ArrayLike<number> {
  if (depth >= 8) return data;
  const rowBytes = Math.ceil((width * depth) / 8);
  const samples = new Uint8Array(width * height);
  for (let i = 0; i < samples.length; i++) {
    const bit = (i % width) * depth;
    const byte = data[Math.floor(i / width) * rowBytes + (bit >> 3)];
    samples[i] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  }
  return samples;
}

function readJpeg(bytes: Uint8Array): Plane {
  const { data, width, height } = decodeJpeg(bytes, {
    useTArray: true,
    tolerantDecoding: false,
    maxResolutionInMP: MOST_PIXELS / 1e6,
    maxMemoryUsageInMB: JPEG_MEGABYTES,
  });
  return inkOf(data, width, height);
}
