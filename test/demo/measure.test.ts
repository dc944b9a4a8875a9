import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { textOf, visitor } from './visit.js';

const visit = visitor();
const threads = `simd-threads:${Math.min(2, availableParallelism())}`;

async function chooseEngines(page: Page, ...names: string[]): Promise<void> {
  for (const box of await page.locator('#engines input:enabled').all()) {
    await box.setChecked(names.includes((await box.getAttribute('value')) ?? ''), { force: true });
  }
}

async function saved(page: Page, button: string): Promise<Buffer> {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  return readFileSync(await (await downloading).path());
}

test('a benchmark runs, is saved, and travels in a link', async () => {
  const page = await visit('measure');
  await page.getByLabel('Channels').selectOption('16');
  await chooseEngines(page, 'simd', threads, 'ort-web', 'tfjs-wasm');
  await page.getByRole('button', { name: 'Measure' }).click();
  await textOf(page, '#measure-status', /^Measured/);
  const rows = await page.locator('#result .scroll-x tbody tr').allTextContents();
  expect(await page.locator('#result .scroll-x tbody th').allTextContents()).toEqual([
    'bound',
    'simd',
    threads,
    'ort-web',
    'tfjs-wasm',
  ]);

  const report = JSON.parse((await saved(page, 'Save as JSON')).toString());
  expect(report).toMatchObject({ version: 1, operation: 'forward', channels: 16, sizes: [7, 13, 28, 56] });
  expect((await saved(page, 'Save as PNG')).subarray(1, 4).toString()).toBe('PNG');

  await page.getByRole('button', { name: 'Copy a link' }).click();
  await textOf(page, '#shared', /address of this page/);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await textOf(other, '#result-title', /forward, 16 channels/);
  await textOf(other, '#shared', /came with the link/);
  await expect.poll(() => other.locator('#result .scroll-x tbody tr').allTextContents()).toEqual(rows);
});

test('a benchmark is cancelled', async () => {
  const page = await visit('measure');
  await page.getByLabel('How thorough').selectOption('full');
  await page.getByRole('button', { name: 'Measure' }).click();
  await textOf(page, '#measure-now', /round/);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await textOf(page, '#measure-status', /^Cancelled/);
  await expect.poll(() => page.getByRole('button', { name: 'Measure' }).isEnabled()).toBe(true);
});

test('it is cancelled even while a peer is still on its way', async () => {
  const page = await visit('measure');
  // As on a slow line: it never arrives.
  await page.context().route(/ort-wasm.*\.wasm/, () => {});
  await page.getByLabel('Channels').selectOption('16');
  await chooseEngines(page, 'ort-web');
  await page.getByRole('button', { name: 'Measure' }).click();
  await textOf(page, '#measure-now', /Loading onnxruntime-web/);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await textOf(page, '#measure-status', /^Cancelled/);
  await page.context().unrouteAll({ behavior: 'ignoreErrors' });
});

test('a link that holds no result is refused with a sentence', async () => {
  const page = await visit('measure');
  await page.evaluate(() => {
    location.hash = '#/measure?result=nonsense';
  });
  await textOf(page, '.view-measure #problem', /no result/);
});
