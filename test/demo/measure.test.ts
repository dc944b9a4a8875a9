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
  // The response never arrives, as on a slow connection.
  await page.context().route(/ort-wasm.*\.wasm/, () => {});
  await page.getByLabel('Channels').selectOption('16');
  await chooseEngines(page, 'ort-web');
  await page.getByRole('button', { name: 'Measure' }).click();
  await textOf(page, '#measure-now', /Loading onnxruntime-web/);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await textOf(page, '#measure-status', /^Cancelled/);
  await page.context().unrouteAll({ behavior: 'ignoreErrors' });
});

test('training that goes on in the other view is paused for a benchmark, or its part in it is told', async () => {
  const page = await visit('train');
  await page.getByRole('button', { name: 'Train' }).click();
  await textOf(page, '#progress-text', /^[\d,]+ of/);
  await page.getByRole('link', { name: 'Measure' }).click();
  await page.getByLabel('Channels').selectOption('16');
  await chooseEngines(page, 'simd');
  const measure = page.getByRole('button', { name: 'Measure', exact: true });

  await measure.click();
  await page.getByRole('button', { name: 'Measure all the same' }).click();
  await textOf(page, '#measure-status', /^Measured\. Training took part of the processor meanwhile/);
  await textOf(page, '#result-host', /, beside training$/);
  await page.getByRole('link', { name: 'Train' }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.getByRole('link', { name: 'Measure' }).click();
  await measure.click();
  await page.getByRole('button', { name: 'Pause it and measure' }).click();
  await textOf(page, '#measure-status', /^Measured\.$/);
  await textOf(page, '#result-host', /\d$/);
  await page.getByRole('link', { name: 'Train' }).click();
  await page.getByRole('button', { name: 'Go on' }).waitFor();
});

test('who looks at another view meanwhile finds that beside the result', async () => {
  const page = await visit('measure');
  await page.getByLabel('Channels').selectOption('16');
  await page.getByRole('button', { name: 'Measure', exact: true }).click();
  await textOf(page, '#measure-now', /round/);
  await page.getByRole('link', { name: 'Pool', exact: true }).click();
  await page.getByRole('link', { name: 'Measure' }).click();
  await textOf(page, '#measure-status', /^Measured\. Another view took part/);
  await textOf(page, '#result-host', /, beside another view$/);
});

test('threads are offered up to all cores, in a list that stays short', async () => {
  const page = await visit('measure', {
    onPage: (page) =>
      page.addInitScript(() => Object.defineProperty(navigator, 'hardwareConcurrency', { value: 48 })),
  });
  const names = await page.locator('#engines label').allTextContents();
  const counts = names.filter((name) => name.startsWith('simd-threads')).map((name) => name.split(':')[1]);
  expect(counts).toEqual(['1', '2', '3', '4', '8', '16', '32', '48']);
});

test('a link that holds no result is refused with a sentence', async () => {
  const page = await visit('measure');
  await page.evaluate(() => {
    location.hash = '#/measure?result=nonsense';
  });
  await textOf(page, '.view-measure #problem', /no result/);
});
