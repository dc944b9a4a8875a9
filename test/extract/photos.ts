/** Images of all sizes and kinds, made from a seed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type Sharp from 'sharp';

/** The decoder of the package, not another version that a tool of the project may have. */
export const sharp = createRequire(new URL('../../extract/package.json', import.meta.url))(
  'sharp',
) as typeof Sharp;

/** Pixels that differ from image to image, with some structure. */
export function pixels(width: number, height: number, channels: number, seed: number): Buffer {
  const data = Buffer.alloc(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    data[i] = 128 + 127 * Math.sin((x * (seed % 7) + y * (seed % 5) + 40 * (i % channels) + seed) / 9);
  }
  return data;
}

const image = (width: number, height: number, seed: number, channels: 1 | 2 | 3 | 4 = 3) =>
  sharp(pixels(width, height, channels, seed), { raw: { width, height, channels } });

type Make = (width: number, height: number, seed: number) => Promise<Buffer>;

/** Each kind of image, with the end of its name. */
export const kinds: Record<string, { end: string; make: Make }> = {
  jpeg: { end: 'jpg', make: (w, h, seed) => image(w, h, seed).jpeg().toBuffer() },
  'progressive jpeg': {
    end: 'JPEG',
    make: (w, h, seed) => image(w, h, seed).jpeg({ progressive: true }).toBuffer(),
  },
  'grey jpeg': { end: 'jpg', make: (w, h, seed) => image(w, h, seed).greyscale().jpeg().toBuffer() },
  'turned jpeg': {
    end: 'jpg',
    make: (w, h, seed) =>
      image(w, h, seed)
        .withMetadata({ orientation: 1 + (seed % 8) })
        .jpeg()
        .toBuffer(),
  },
  'CMYK jpeg': {
    end: 'jpg',
    make: (w, h, seed) => image(w, h, seed).toColourspace('cmyk').jpeg().toBuffer(),
  },
  png: { end: 'png', make: (w, h, seed) => image(w, h, seed).png().toBuffer() },
  'png with alpha': { end: 'png', make: (w, h, seed) => image(w, h, seed, 4).png().toBuffer() },
  'grey png with alpha': { end: 'png', make: (w, h, seed) => image(w, h, seed, 2).png().toBuffer() },
  'png of 16 bits': {
    end: 'png',
    make: (w, h, seed) => image(w, h, seed).toColourspace('rgb16').png().toBuffer(),
  },
  'grey png of 16 bits': {
    end: 'png',
    make: (w, h, seed) => image(w, h, seed, 1).toColourspace('grey16').png().toBuffer(),
  },
  'png of a palette': {
    end: 'png',
    make: (w, h, seed) => image(w, h, seed).png({ palette: true }).toBuffer(),
  },
  webp: { end: 'webp', make: (w, h, seed) => image(w, h, seed).webp().toBuffer() },
  'animated gif': { end: 'gif', make: animated },
  tiff: { end: 'tif', make: (w, h, seed) => image(w, h, seed).tiff().toBuffer() },
};

/** Two frames, one above the other in what is written. */
async function animated(width: number, height: number, seed: number): Promise<Buffer> {
  const frames = [pixels(width, height, 3, seed), pixels(width, height, 3, seed + 1)];
  const raw = { width, height: 2 * height, channels: 3, pageHeight: height } as const;
  return sharp(Buffer.concat(frames), { raw }).gif().toBuffer();
}

/** Files that are no images, or damaged ones. */
const broken: Record<string, (whole: Buffer) => Buffer> = {
  truncated: (whole) => whole.subarray(0, Math.floor(whole.length / 2)),
  empty: () => Buffer.alloc(0),
  text: () => Buffer.from('this is no image'),
  header: (whole) => whole.subarray(0, 24),
};

export interface Photos {
  readonly folder: string;
  /** Paths from the folder. */
  readonly good: readonly string[];
  readonly broken: readonly string[];
}

/** Every twentieth image is broken. */
const BROKEN_EVERY = 20;

/** Writes so many images, in folders, of sizes from 9 to some hundred pixels. */
export async function makePhotos(folder: string, count: number): Promise<Photos> {
  const [good, bad]: [string[], string[]] = [[], []];
  const all = Object.entries(kinds);
  for (let i = 0; i < count; i++) {
    const [kind, { end, make }] = all[i % all.length]!;
    const [width, height] = [9 + ((i * 37) % 111), 9 + ((i * 53) % 97)];
    const isBroken = i % BROKEN_EVERY === 7;
    const path = `${i % 3 === 0 ? '' : `folder ${i % 3}/`}${i} ${kind}.${end}`;
    const whole = await make(width, height, i);
    const damage = Object.values(broken)[Math.floor(i / BROKEN_EVERY) % 4]!;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), isBroken ? damage(whole) : whole);
    (isBroken ? bad : good).push(path);
  }
  return { folder, good, broken: bad };
}
