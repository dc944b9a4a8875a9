/** What a visitor meets who goes by keyboard, and hears the page instead of seeing it. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { numberIn, textOf, visitor } from './visit.js';

const visit = visitor();

/** The element that has the keyboard's focus. */
const focused = (page: Page) => page.evaluate(() => document.activeElement?.id);
const readAloud = (page: Page, selector: string) =>
  page.locator(selector).evaluate(({ ariaLive }) => ariaLive === 'polite');

test('the focus is never left on a button that has gone', async () => {
  const page = await visit('measure');
  await page.locator('#run').focus();
  await page.keyboard.press('Enter');
  await textOf(page, '#measure-now', /round/);
  expect(await focused(page)).toBe('cancel');
  await page.keyboard.press('Enter');
  await textOf(page, '#measure-status', /^Cancelled/);
  await expect.poll(() => focused(page)).toBe('run');

  await page.getByRole('link', { name: 'Train' }).click();
  await page.locator('#go').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Testing …' }).waitFor();
  // Pressed while there is nothing to do, it does nothing.
  await page.keyboard.press('Enter');
  await textOf(page, '#test-text', /Recognised/);
  expect(await focused(page)).toBe('go');
  await page.locator('#reset').focus();
  await page.keyboard.press('Enter');
  await textOf(page, '#progress-text', /Not started/);
  expect(await focused(page)).toBe('go');

  await page.getByRole('link', { name: 'Windows' }).click();
  // It points at a box by itself once it has one.
  await textOf(page, '#box-text', /^A \d with a score/);
  await page.locator('.picture').focus();
  await page.keyboard.press('Enter');
  await textOf(page, '#found-text', /places look like it/);
  await page.locator('#forget').focus();
  await page.keyboard.press('Enter');
  await page.locator('#forget').waitFor({ state: 'hidden' });
  expect(await page.locator('.picture').evaluate((picture) => picture === document.activeElement)).toBe(true);
});

test('who is on a choice stays there when the choices are made anew', async () => {
  const page = await visit('pool');
  await textOf(page, '#image-a .map-size', /^16 × /);
  await page.getByRole('radio', { name: 'Channel 4' }).first().focus();
  await page
    .getByLabel('Image A: open an image file')
    .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: onePixel });
  await textOf(page, '#image-a .map-size', /^16 × 1 × 1 cells/);
  expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).value)).toBe('3');
});

const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
  'base64',
);

test('of what moves, only what has the focus is read aloud', async () => {
  const page = await visit('pool');
  await textOf(page, '#image-a .map-size', /^16 × /);
  await page.locator('#image-a .map').hover();
  expect(await readAloud(page, '#image-a .map-text')).toBe(false);
  await page.locator('#image-a .map').focus();
  expect(await readAloud(page, '#image-a .map-text')).toBe(true);
  expect(await readAloud(page, '#image-b .map-text')).toBe(false);
  await page.locator('#image-b .map').focus();
  expect(await readAloud(page, '#image-a .map-text')).toBe(false);

  await page.getByRole('link', { name: 'Windows' }).click();
  await textOf(page, '#boxes-text', /digits with/);
  expect(await readAloud(page, '#window-text')).toBe(false);
  await page.locator('.picture').focus();
  expect(await readAloud(page, '#window-text')).toBe(true);
  await page.locator('#play').click();
  await page.locator('.picture').focus();
  expect(await readAloud(page, '#window-text')).toBe(false);
  expect(await readAloud(page, '#found-text')).toBe(false);
  expect(await readAloud(page, '#boxes-text')).toBe(false);
  await page.locator('#play').click();
});

test('a pyramid of many bins fits a phone, and one of too many is refused', async () => {
  const page = await visit('pool', { viewport: { width: 390, height: 844 } });
  await textOf(page, '#image-a .map-size', /^16 × /);
  const levels = page.getByLabel('Levels', { exact: true });
  await levels.fill('32');
  await textOf(page, '#image-a .map-size', /→ 16384 values/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await levels.fill('33');
  expect(await numberIn(page, '#pyramid-problem', /^(\d+) bins are more/)).toBe(33 * 33);
  await levels.fill(Array(17).fill(1).join());
  expect(await numberIn(page, '#pyramid-problem', /^(\d+) levels are more/)).toBe(17);
});
