/** What images become before a model sees them. */
import { describe, expect, test } from 'vitest';
import type { ImageSettings } from '../../extract/ts/core/settings.js';
import { decodeImage, readHeader } from '../../extract/ts/images/decode.js';
import { targetSize } from '../../extract/ts/images/size.js';
import { toBytes, toFloats } from '../../extract/ts/images/tensor.js';
import { kinds, sharp } from './photos.js';

const decode = async (file: Buffer, channels = 3, background = '#ffffff') => {
  const header = await readHeader(file);
  return decodeImage(header, header.size, { channels, background });
};

/** The colour of all of an image that has one colour. */
async function colourOf(file: Buffer, channels?: number, background?: string): Promise<number[]> {
  const { data, ...pixels } = await decode(file, channels, background);
  return [...data.subarray(0, pixels.channels)];
}

const plain = (background: object, channels: 3 | 4 = 3) =>
  sharp({ create: { width: 8, height: 6, channels, background: background as { r: number } } });

const near = (actual: readonly number[], expected: readonly number[], tolerance: number) => {
  expect(actual.length, `${actual}`).toBe(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!), `${actual}`).toBeLessThanOrEqual(tolerance);
  });
};

describe('kinds of images', () => {
  test.each(Object.entries(kinds))('%s: as many pixels as its header says', async (_, { make }) => {
    const file = await make(31, 17, 3);
    const { size } = await readHeader(file);
    const { data, width, height, channels } = await decode(file);
    expect({ width, height }).toEqual(size);
    expect([1, 3]).toContain(channels);
    expect(data.length).toBe(width * height * channels);
  });

  test('EXIF turns it: a wide image becomes a high one', async () => {
    const file = await kinds['turned jpeg']!.make(40, 20, 5);
    expect((await readHeader(file)).size).toEqual({ width: 20, height: 40 });
  });

  test('16 bits become 8, CMYK becomes RGB, one channel of grey stands for three', async () => {
    const red = { r: 200, g: 40, b: 90 };
    near(await colourOf(await plain(red).toColourspace('rgb16').png().toBuffer()), [200, 40, 90], 1);
    near(await colourOf(await plain(red).toColourspace('cmyk').jpeg().toBuffer()), [200, 40, 90], 30);
    const grey = { r: 77, g: 77, b: 77 };
    near(await colourOf(await plain(grey).toColourspace('b-w').png().toBuffer(), 1), [77], 1);
  });

  test('what is transparent lies on the background', async () => {
    const half = await plain({ r: 0, g: 0, b: 0, alpha: 0.5 }, 4).png().toBuffer();
    near(await colourOf(half), [127, 127, 127], 2);
    near(await colourOf(half, 3, '#000000'), [0, 0, 0], 1);
  });

  test('of an animated image the first frame is taken', async () => {
    const frames = [0, 255].map((value) => Buffer.alloc(8 * 6 * 3, value));
    const raw = { width: 8, height: 12, channels: 3, pageHeight: 6 } as const;
    const file = await sharp(Buffer.concat(frames), { raw }).gif().toBuffer();
    expect((await sharp(file).metadata()).pages).toBe(2);
    expect((await readHeader(file)).size).toEqual({ width: 8, height: 6 });
    near(await colourOf(file), [0, 0, 0], 1);
  });

  test('a file that ends early is an error', async () => {
    const whole = await kinds.jpeg!.make(60, 60, 1);
    await expect(decode(whole.subarray(0, whole.length / 2))).rejects.toThrow(
      'cut off, or of a kind that is not known here (jpeg, 60 x 60 by its header)',
    );
    await expect(readHeader(whole.subarray(0, 24))).rejects.toThrow('its header is damaged or cut off');
    await expect(readHeader(Buffer.from('no image'))).rejects.toThrow('no image of a format that is known');
    await expect(readHeader(Buffer.alloc(0))).rejects.toThrow('the file is empty');
  });
});

test('what is said of a damaged image does not depend on others that are decoded beside it', async () => {
  const files = await Promise.all(
    Object.values(kinds).map(async ({ make }) => {
      const whole = await make(50, 40, 2);
      return [0.1, 0.5, 0.7].map((share) => whole.subarray(0, Math.ceil(share * whole.length)));
    }),
  );
  const reasonOf = (file: Buffer) => decode(file).then(() => 'decoded', String);
  const alone: string[] = [];
  for (const file of files.flat()) alone.push(await reasonOf(file));
  for (let round = 0; round < 5; round++)
    expect(await Promise.all(files.flat().map(reasonOf))).toEqual(alone);
});

test('bounds keep the aspect, and never make an image larger', () => {
  expect(targetSize({ width: 400, height: 300 }, {})).toEqual({ width: 400, height: 300 });
  expect(targetSize({ width: 400, height: 300 }, { longestSide: 200 })).toEqual({ width: 200, height: 150 });
  expect(targetSize({ width: 40, height: 30 }, { longestSide: 200 })).toEqual({ width: 40, height: 30 });
  expect(targetSize({ width: 9000, height: 2 }, { longestSide: 90 })).toEqual({ width: 90, height: 1 });
  for (let i = 1; i < 500; i++) {
    const [size, maxPixels] = [
      { width: (i * 97) % 911 || 1, height: (i * 31) % 503 || 1 },
      1 + ((i * 701) % 5000),
    ];
    const { width, height } = targetSize(size, { maxPixels });
    expect(width * height, `${size.width} x ${size.height}`).toBeLessThanOrEqual(maxPixels);
    expect(Math.min(width, height)).toBeGreaterThan(0);
    const isScaled = size.width * size.height > maxPixels;
    if (!isScaled) expect({ width, height }).toEqual(size);
    // As many pixels as the bound allows, but for what rounding takes.
    if (isScaled && Math.min(width, height) > 5) expect(width * height).toBeGreaterThan(maxPixels * 0.6);
  }
});

describe('tensors', () => {
  const settings: ImageSettings = {
    longestSide: undefined,
    maxPixels: undefined,
    mean: [0.5, 0.25, 0],
    std: [0.5, 1, 2],
    order: 'RGB',
    layout: 'NCHW',
    background: '#ffffff',
  };
  const two = { data: Uint8Array.of(255, 0, 51, 0, 255, 102), width: 2, height: 1, channels: 3 };
  const [red, green, blue] = [
    [1, -1],
    [-0.25, 0.75],
    [0.1, 0.2],
  ] as const;

  test('each colour has its mean and deviation, in either order and layout', () => {
    const of = (more: Partial<ImageSettings>) => [...toFloats(two, 3, { ...settings, ...more })];
    const round = (values: readonly number[]) => values.map((value) => Math.fround(value));
    expect(of({})).toEqual(round([...red, ...green, ...blue]));
    expect(of({ order: 'BGR' })).toEqual(round([...blue, ...green, ...red]));
    expect(of({ layout: 'NHWC' })).toEqual(round([1, -0.25, 0.1, -1, 0.75, 0.2]));
    expect(of({ layout: 'NHWC', order: 'BGR' })).toEqual(round([0.1, -0.25, 1, 0.2, 0.75, -1]));
  });

  test('grey stands for all colours, and a model of grey images has the average of the settings', () => {
    const grey = { data: Uint8Array.of(0, 255), width: 2, height: 1, channels: 1 };
    expect([...toFloats(grey, 3, settings)]).toEqual([-1, 1, -0.25, 0.75, 0, 0.5]);
    expect([...toFloats(grey, 1, settings)]).toEqual([-0.25, 0.75].map((it) => Math.fround(it / (3.5 / 3))));
    expect([...toFloats(grey, 1, { ...settings, mean: [0], std: [1] })]).toEqual([0, 1]);
  });

  test('a model of bytes gets them as they are', () => {
    expect([...toBytes(two, 3, settings)]).toEqual([255, 0, 0, 255, 51, 102]);
    expect([...toBytes(two, 3, { ...settings, layout: 'NHWC', order: 'BGR' })]).toEqual([
      51, 0, 255, 102, 255, 0,
    ]);
  });
});
