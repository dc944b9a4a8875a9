import { expect, test } from 'vitest';
import { imageFile, numberIn, textOf, visitor } from './visit.js';

const visit = visitor();
const compared = /At once is ([\d.]+) times as fast/;

test('two thousand windows are pooled at once, faster than one by one, picture after picture', async () => {
  const page = await visit('windows');
  expect(await numberIn(page, '#times-text', compared)).toBeGreaterThan(1);
  await textOf(page, '#found-text', /^[1-9] places look like it/);
  await page.getByRole('button', { name: 'Play' }).click();
  const before = await page.locator('#time-network').textContent();
  await expect.poll(() => page.locator('#time-network').textContent()).not.toBe(before);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Next picture' }).click();

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
