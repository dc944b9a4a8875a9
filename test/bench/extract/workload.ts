/** What is measured: images, and a model of the size of those that people use for them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharp } from '../../extract/photos.js';
import { plainBackbone } from './backbones.js';

const CHANNELS = [32, 64, 128, 256];
export const LEVELS = [4, 2, 1];

export const SIZE = { width: 384, height: 288 };
/** Images that are different; files are copies of them. */
const DIFFERENT = 16;

/** Multiply-adds of the model for one image: 3 x 3 convolutions, each of half the height and width of the one before. */
export function multiplyAdds(): number {
  let [cells, from, sum] = [SIZE.width * SIZE.height, 3, 0];
  for (const to of CHANNELS) {
    cells /= 4;
    sum += cells * 9 * from * to;
    from = to;
  }
  return sum;
}

export const makeModel = () => plainBackbone(CHANNELS);

/** Writes so many JPEG files. */
export async function writePhotos(folder: string, count: number): Promise<string[]> {
  mkdirSync(folder);
  const files = await Promise.all(
    Array.from({ length: DIFFERENT }, (_, i) => {
      const noise = { type: 'gaussian', mean: 80 + 8 * i, sigma: 60 } as const;
      const image = sharp({ create: { ...SIZE, channels: 3, background: '#000', noise } });
      return image.blur(2).jpeg().toBuffer();
    }),
  );
  const names = Array.from({ length: count }, (_, i) => `${String(i).padStart(5, '0')}.jpg`);
  names.forEach((name, i) => {
    writeFileSync(join(folder, name), files[i % DIFFERENT]!);
  });
  return names;
}
