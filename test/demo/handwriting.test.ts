/** Handwriting of the visitor's own in the Windows view. Types are those of the demo. */
import jpeg from 'jpeg-js';
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import type { Plane } from '../../demo/ink/plane.js';
import { seededRandom } from '../../demo/train/random.js';
import { type Hand, hands, photographed, writeDigit, writePage } from '../node/detect-hands.js';
import { textOf, visitor } from './visit.js';

const visit = visitor();
const [european, american] = hands;

/** A view whose detector has been loaded, and that has nothing more to do. */
async function visitWindows(): Promise<Page> {
  const page = await visit('windows');
  await textOf(page, '#times-text', /At once is/);
  return page;
}

/** How many digits of each class are shown. */
async function countsOf(page: Page): Promise<number[]> {
  const counts = Array<number>(10).fill(0);
  for (const text of await page.locator('#boxes li').allTextContents()) counts[Number(text.trim()[0])]++;
  return counts;
}

test('a photograph of a page is read, in uneven light and whichever way the camera was held', async () => {
  const page = await visitWindows();
  const random = seededRandom(41);
  const { ink, truth } = writePage(
    { height: 1200, width: 900, hand: european, count: 30, sizes: [45, 110], pen: 4 },
    random,
  );
  const light = {
    paper: 0.85,
    pen: 0.2,
    fall: 0.4,
    shadow: 0.4,
    noise: 0.01,
    squares: { gap: 25, ink: 0.2 },
  };
  const buffer = asHeldUpright(turnedLeft(photographed(ink, light, random)));
  await page.getByLabel('Open an image').setInputFiles({ name: 'page.jpg', mimeType: 'image/jpeg', buffer });
  const size = await textOf(page, '#picture-size', /shrunk from 900 × 1200/);
  const [, width, height] = /^(\d+) × (\d+)/.exec(size) ?? [];
  expect(Number(width)).toBeLessThan(Number(height));
  expect(truth.length).toBe(30);
  const counts = await countsOf(page);
  // Every class is there three times.
  const right = counts.reduce((sum, count) => sum + Math.min(3, count), 0);
  expect(right).toBeGreaterThanOrEqual(27);
  // As it was, or as the detector reads it.
  await page.getByText('Its ink').click();
  await page.locator('#shown input[value=ink]:checked').waitFor();
});

test('digits of very different sizes on one page are read at five scales, and fewer at one', async () => {
  const page = await visitWindows();
  const random = seededRandom(61);
  const { ink, truth } = writePage(
    { height: 1600, width: 1600, hand: european, count: 16, sizes: [30, 900], pen: 5 },
    random,
  );
  const light = { paper: 0.9, pen: 0.15, fall: 0.1, shadow: 0, noise: 0.01 };
  const buffer = asHeldUpright(turnedLeft(photographed(ink, light, random)));
  await page.getByLabel('Open an image').setInputFiles({ name: 'page.jpg', mimeType: 'image/jpeg', buffer });
  await textOf(page, '#picture-size', /shrunk from 1600 × 1600/);
  const countRight = async () => {
    const counts = await countsOf(page);
    return counts.reduce(
      (sum, count, label) => sum + Math.min(count, truth.filter((digit) => digit.label === label).length),
      0,
    );
  };
  const atOne = await countRight();
  expect(await page.locator('#scales-text').textContent()).toBe('');
  await page.getByLabel('Scales of the picture').selectOption('five, each window at its own');
  const text = await textOf(page, '#scales-text', /by the scale that they are pooled at/);
  const uses = [...text.matchAll(/([\d,]+) at (\d+) × (\d+)/g)];
  expect(uses.length).toBe(5);
  expect(uses.reduce((sum, [, windows = '']) => sum + Number(windows.replace(',', '')), 0)).toBe(2000);
  await textOf(page, '#times-text', /At once is/);
  const atFive = await countRight();
  expect(atFive).toBeGreaterThanOrEqual(truth.length - 1);
  expect(atOne).toBeLessThanOrEqual(truth.length - 2);
  expect(atFive).toBeGreaterThan(atOne);
});

test.each([
  ['medium', european],
  ['broad', american],
] as const)('digits drawn with a %s pen are read', async (pen, hand) => {
  const page = await visitWindows();
  await page.getByRole('button', { name: 'Draw digits' }).click();
  await page.locator('dialog [name=pen]').selectOption({ label: pen });
  await drawAll(page, hand);
  await page.getByRole('button', { name: 'Use it' }).click();
  await textOf(page, '#boxes-text', /^(8|9|10|11) digits/);
  const counts = await countsOf(page);
  expect(counts.filter((count) => count > 0).length).toBeGreaterThanOrEqual(8);
});

test('the camera is asked for a photograph', async () => {
  const page = await visitWindows();
  await page.getByRole('button', { name: 'Photograph digits' }).click();
  await page.getByRole('button', { name: 'Take the picture' }).click();
  // No longer that of the moving picture.
  await textOf(page, '#picture-size', /^(?!384 × 288 pixels$)\d/);
  expect(await page.locator('.view-windows #problem').isVisible()).toBe(false);
});

/** All ten digits, in two rows. */
async function drawAll(page: Page, hand: Hand): Promise<void> {
  const random = seededRandom(42);
  const canvas = page.locator('dialog .pad canvas');
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  if (!box) throw new Error('there is nothing to draw on');
  for (let label = 0; label < 10; label++) {
    const [column, row] = [label % 5, Math.floor(label / 5)];
    const corner = [
      box.x + (0.04 + 0.19 * column) * box.width,
      box.y + (0.1 + 0.45 * row) * box.height,
    ] as const;
    for (const path of writeDigit(hand, label, corner, 0.33 * box.height, random)) {
      await page.mouse.move(...path[0]);
      await page.mouse.down();
      for (const point of path) await page.mouse.move(...point);
      await page.mouse.up();
    }
  }
}

/** A quarter turn against the clock. */
function turnedLeft({ values, height, width }: Plane): Plane {
  const turned = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[(width - 1 - x) * height + y] = values[y * width + x];
  }
  return { values: turned, height: width, width: height };
}

/** A JPEG file that says in its Exif data that it is to be turned a quarter with the clock. */
function asHeldUpright({ values, height, width }: Plane): Buffer {
  const data = Buffer.alloc(4 * values.length, 255);
  values.forEach((value, i) => {
    data.fill(Math.round(255 * value), 4 * i, 4 * i + 3);
  });
  const file = jpeg.encode({ data, height, width }, 85).data;
  const orientation = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0];
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, ...orientation, 0, 0, 0, 0];
  const exif = Buffer.from([...Buffer.from('Exif\0\0'), ...tiff]);
  const marker = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([file.subarray(0, 2), marker, exif, file.subarray(2)]);
}
