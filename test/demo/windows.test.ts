import { expect, test } from 'vitest';
import { drop, imageFile, numberIn, textOf, visitor } from './visit.js';

const visit = visitor();
const compared = /At once is ([\d.]+) times as fast/;

test('two thousand windows are pooled at once, faster than one by one, picture after picture', async () => {
  const page = await visit('windows');
  expect(await numberIn(page, '#times-text', compared)).toBeGreaterThan(1);
  // Starting it would hold up the page.
  expect(page.workers().map((worker) => worker.url())).toContainEqual(
    expect.stringContaining('network.worker'),
  );
  await textOf(page, '#found-text', /^[1-9] places look like it/);
  await page.getByRole('button', { name: 'Play' }).click();
  const before = await page.locator('#time-network').textContent();
  await expect.poll(() => page.locator('#time-network').textContent()).not.toBe(before);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Next picture' }).click();
  // While it compares, the page can still be seen and heard.
  await page.getByRole('button', { name: 'Compare again' }).click();
  await textOf(page, '#times-text', /^Comparing/);

  await page.locator('.picture').focus();
  await page.keyboard.press('ArrowRight');
  await textOf(page, '#window-text', /Window \d+ of 2,000: \d+ × \d+ pixels.*6 × 6 bins/);
  await page.keyboard.press('Enter');
  await textOf(page, '#found-text', /^[1-9] places look like it/);
  await page.getByLabel('Levels').selectOption('4, 2, 1');
  await textOf(page, '#vector-text', /^336 values/);
});

test('an image of the visitor is searched, and the way of R-CNN can be cancelled', async () => {
  const page = await visit('windows');
  await textOf(page, '#times-text', compared);
  const buffer = await imageFile(page, 200, 150);
  await page.getByLabel('Open an image').setInputFiles({ name: 'cross.png', mimeType: 'image/png', buffer });
  await expect.poll(() => page.locator('.picture-cells').getAttribute('width')).toBe('200');
  expect(await drop(page, 'h1', await imageFile(page, 800, 400), 'image/png')).toBe('prevented');
  await textOf(page, '#picture-size', /^384 × 192 pixels, shrunk from 800 × 400$/);
  await page.getByRole('combobox', { name: /^Windows/ }).selectOption('5,000');
  await textOf(page, '#window-text', /of 5,000:/);
  await page.getByRole('button', { name: 'as R-CNN did' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'as R-CNN did' }).waitFor();
  expect(await page.locator('#time-rcnn').textContent()).toBe('–');
  await page.getByRole('combobox', { name: /^Windows/ }).selectOption('500');
  await textOf(page, '#window-text', /of 500:/);
  await page.getByRole('button', { name: 'as R-CNN did' }).click();
  expect(await numberIn(page, '#time-rcnn', /: (\d+) times as long/)).toBeGreaterThan(1);
});

test('settings may change faster than pictures are pooled', async () => {
  const page = await visit('windows');
  await textOf(page, '#times-text', compared);
  await page.getByRole('button', { name: 'Play' }).click();
  for (const levels of ['4,2,1', '6,3,2,1', '4,2,1']) {
    await page.getByLabel('Levels').selectOption(levels);
    await page.getByRole('combobox', { name: /^Windows/ }).selectOption(levels === '4,2,1' ? '500' : '5000');
  }
  await textOf(page, '#vector-text', /^336 values/);
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
