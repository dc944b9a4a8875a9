/** What is measured: images, and a model of the size of those that people use for them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharp } from '../../extract/photos.js';
import { model, node, value, weights } from '../../interop/onnx-graphs.js';

export const CHANNELS = [32, 64, 128, 256];
export const LEVELS = [4, 2, 1];

const SIZE = { width: 384, height: 288 };
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

/** The model: convolutions and ReLUs, of which the last one gives the map. */
export function makeModel(): Uint8Array {
  const nodes = CHANNELS.flatMap((_, i) => [
    node('Conv', [i === 0 ? 'image' : `relu${i - 1}`, `w${i}`], [`conv${i}`], {
      strides: [2, 2],
      pads: [1, 1, 1, 1],
      kernel_shape: [3, 3],
    }),
    node('Relu', [`conv${i}`], [`relu${i}`]),
  ]);
  const layers = CHANNELS.map((to, i) => weights(`w${i}`, [to, i === 0 ? 3 : CHANNELS[i - 1]!, 3, 3]));
  return model({
    node: nodes,
    input: [value('image', [1, 3, 'height', 'width'])],
    output: [value(`relu${CHANNELS.length - 1}`, [1, CHANNELS.at(-1)!, 'rows', 'columns'])],
    initializer: layers,
  });
}

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
