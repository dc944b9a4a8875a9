import { expect, test } from 'vitest';
import { drop, imageFile, numberIn, textOf, visitor } from './visit.js';

const visit = visitor();
const compared = /At once is ([\d.]+) times as fast/;

test('digits are found on clutter, picture after picture, from windows that are pooled at once', async () => {
  const page = await visit('windows');
  expect(await numberIn(page, '#boxes-text', /^(\d+) digits with a score of 0.50/)).toBeGreaterThan(10);
  expect(await numberIn(page, '#times-text', compared)).toBeGreaterThan(1);
  // Detecting would hold up the page.
  expect(page.workers().map((worker) => worker.url())).toContainEqual(
    expect.stringContaining('detector.worker'),
  );
  await page.getByRole('button', { name: 'Play' }).click();
  const before = await page.locator('#fast-total').textContent();
  await expect.poll(() => page.locator('#fast-total').textContent()).not.toBe(before);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Next picture' }).click();
  // While it compares, the page can still be seen and heard.
  await page.getByRole('button', { name: 'Compare again' }).click();
  await textOf(page, '#times-text', /^Comparing/);

  await page.getByLabel('Score, at least').fill('0.95');
  await textOf(page, '#boxes-text', /^\d+ digits? with a score of 0.95/);
  await page.getByLabel('Score, at least').fill('0.05');
  const all = await numberIn(page, '#boxes-text', /^(\d+) digits with a score of 0.05/);
  expect(all).toBeGreaterThan(10);
  await page.locator('#boxes button').first().focus();
  await textOf(page, '#box-text', /^A \d with a score of \d\.\d\d; \d+ windows? led to it/);

  await page.locator('.picture').focus();
  await page.keyboard.press('ArrowRight');
  await textOf(page, '#window-text', /Window \d+ of 2,000: \d+ × \d+ pixels.*6 × 6 bins/);
  await page.keyboard.press('Enter');
  await textOf(page, '#found-text', /^[1-9] places look like it/);
  await page.getByLabel('Levels').selectOption('4, 2, 1');
  await textOf(page, '#vector-text', /^504 values/);
});

test('digits that the visitor draws are read', async () => {
  const page = await visit('windows');
  await textOf(page, '#times-text', compared);
  await page.getByRole('button', { name: 'Draw digits' }).click();
  await page.locator('dialog .pad canvas').scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await page.locator('dialog .pad canvas').boundingBox())!;
  const stroke = async (points: readonly (readonly [number, number])[]) => {
    const [[firstX, firstY]] = [points[0]!];
    await page.mouse.move(x + firstX * width, y + firstY * height);
    await page.mouse.down();
    for (const [px, py] of points) await page.mouse.move(x + px * width, y + py * height, { steps: 3 });
    await page.mouse.up();
  };
  // A one, and a seven twice as large.
  await stroke([
    [0.2, 0.3],
    [0.2, 0.45],
  ]);
  await stroke([
    [0.5, 0.4],
    [0.66, 0.4],
    [0.58, 0.75],
  ]);
  await page.getByRole('button', { name: 'Use it' }).click();
  await expect
    .poll(async () => (await page.locator('#boxes').textContent()) ?? '')
    .toMatch(/(1 · .*7 · )|(7 · .*1 · )/);
});

test('an image of the visitor is searched, and the way of R-CNN can be cancelled', async () => {
  const page = await visit('windows');
  await textOf(page, '#times-text', compared);
  const buffer = await imageFile(page, 200, 150);
  await page.getByLabel('Open an image').setInputFiles({ name: 'cross.png', mimeType: 'image/png', buffer });
  await expect.poll(() => page.locator('.picture-cells').first().getAttribute('width')).toBe('128');
  expect(await drop(page, 'h1', await imageFile(page, 800, 400), 'image/png')).toBe('prevented');
  await textOf(page, '#picture-size', /^128 × 64 pixels, shrunk from 800 × 400$/);
  await page.getByRole('combobox', { name: /^Windows/ }).selectOption('5,000');
  await textOf(page, '#window-text', /of 5,000:/);
  await page.getByRole('button', { name: 'as R-CNN did' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'as R-CNN did' }).waitFor();
  expect(await page.locator('#rcnn-total').textContent()).toBe('–');
  await page.getByRole('combobox', { name: /^Windows/ }).selectOption('500');
  await textOf(page, '#window-text', /of 500:/);
  await page.getByRole('button', { name: 'as R-CNN did' }).click();
  expect(await numberIn(page, '#rcnn-times', /took ([\d.]+) times as long/)).toBeGreaterThan(1);
  await textOf(page, '#rcnn-text', /^\d+ digits? with that score/);
});

test('the detector is trained further, and takes back the weights of the page', async () => {
  const page = await visit('windows');
  await textOf(page, '#times-text', compared);
  await page.getByRole('button', { name: 'Train it further' }).click();
  await textOf(page, '#learn-text', /^Scene \d+ of 150: loss \d/);
  await page.getByRole('button', { name: 'Stop training' }).click();
  await page.getByRole('button', { name: 'Train it further' }).waitFor();
  await page.getByRole('button', { name: 'weights again' }).click();
  await textOf(page, '#learn-text', /came with the page/);
  await textOf(page, '#boxes-text', /^\d+ digits with/);
});

test('settings may change faster than pictures are pooled', async () => {
  const page = await visit('windows');
  await textOf(page, '#times-text', compared);
  await page.getByRole('button', { name: 'Play' }).click();
  for (const levels of ['4,2,1', '6,3,2,1', '4,2,1']) {
    await page.getByLabel('Levels').selectOption(levels);
    await page.getByRole('combobox', { name: /^Windows/ }).selectOption(levels === '4,2,1' ? '500' : '5000');
  }
  await textOf(page, '#vector-text', /^504 values/);
  await textOf(page, '#window-text', /of 500:/);
  await page.getByRole('button', { name: 'Pause' }).click();
  await textOf(page, '#times-text', compared);
  expect(await page.locator('.view-windows #problem').isVisible()).toBe(false);
});

test('a finger finds the window where it taps', async () => {
  const page = await visit('windows', { hasTouch: true, viewport: { width: 390, height: 844 } });
  await textOf(page, '#times-text', compared);
  const picture = page.locator('.picture');
  await picture.scrollIntoViewIfNeeded();
  for (const [x, y] of [
    [30, 20],
    [200, 100],
  ] as const) {
    const before = (await page.locator('#window-text').textContent()) ?? '';
    await picture.tap({ position: { x, y } });
    await expect.poll(() => page.locator('#window-text').textContent()).not.toBe(before);
  }
});
