import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { gzipSync } from 'node:zlib';
import type axe from 'axe-core';
import type { Page, Response } from 'playwright';
import { expect, inject, test } from 'vitest';
import { encodeReport, type Report } from '../../demo/page/measure/report.js';
import { drop, textOf, visitor } from './visit.js';

const visit = visitor();
const views = ['home', 'pool', 'train', 'windows', 'measure'] as const;
const { repository } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const MOST_AT_FIRST = 300_000;
/** Loaded lazily, after the page is there. */
const isRuntime = (url: string) => /\/(ort|tfjs)[^/]*$|\.onnx$/.test(url);

test('the first load is small, and the network comes after it', async () => {
  const loads: Promise<{ url: string; bytes: number }>[] = [];
  const onResponse = (response: Response) => {
    const bytes = response.body().then((body) => gzipSync(body).length);
    loads.push(bytes.then((bytes) => ({ url: response.url(), bytes })));
  };
  const page = await visit('pool', { onResponse });
  await textOf(page, '#image-a .map-size', /^16 × /);
  const all = await Promise.all(loads);
  expect(all.filter(({ url }) => isRuntime(url)).length).toBeGreaterThan(1);
  const atFirst = all.filter(({ url }) => !isRuntime(url));
  expect(atFirst.length).toBeGreaterThan(3);
  expect(atFirst.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(MOST_AT_FIRST);
});

test('on a host that isolates pages there are threads, if there are cores', async () => {
  const page = await visit('measure');
  const alone = availableParallelism() === 1;
  await textOf(page, '#runtime', alone ? /single-threaded \(one core only\)/ : /simd-threads, \d+ threads/);
});

test('the build tells hosts which headers to send', async () => {
  const headers = await (await fetch(`${inject('isolated')}_headers`)).text();
  expect(headers).toMatch(/^\/\*\n {2}cross-origin-opener-policy: same-origin\n/);
});

test('without isolation everything works single-threaded, and the page says so', async () => {
  const page = await visit('pool', { isolated: false });
  await textOf(page, '#runtime', /single-threaded, because this page is not cross-origin isolated/);
  await textOf(page, '#image-b .map-size', /16 × 19 × 19 cells → 336 values/);
  await page.getByRole('link', { name: 'Windows' }).click();
  await textOf(page, '#times-text', /times as fast/);
  await page.getByRole('link', { name: 'Measure' }).click();
  await textOf(page, '#engines-note', /single-threaded/);
  expect(await page.locator('#engines input:disabled').count()).toBeGreaterThan(0);
  await page.getByRole('link', { name: 'Train' }).click();
  await page.getByRole('button', { name: 'Step' }).click();
  await textOf(page, '#progress-text', /^32 of/);
  await page.getByRole('link', { name: 'from camera to vector' }).click();
  await textOf(page, '#problem', /cannot go on: browsers share memory on cross-origin isolated pages only/);
  await page.getByRole('link', { name: 'Back to the demo' }).click();
  await page.locator('.view-pool h1').waitFor();
});

test('the example with the camera pools what another thread wrote', async () => {
  const page = await visit('train');
  await page.getByRole('link', { name: 'from camera to vector' }).click();
  await textOf(page, '#count', /\d pictures so far/);
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await page.getByRole('button', { name: 'Use the camera', pressed: true }).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByLabel('Width').fill('100');
  await textOf(page, '#picture-text', /^A picture of 100 by 150/);
  await textOf(page, '#vector-text', /168 values/);
  expect(await violations(page)).toEqual([]);
});

test('views have addresses, titles and a way back', async () => {
  const page = await visit('pool');
  await page.getByRole('link', { name: 'Train' }).click();
  await expect.poll(() => page.title()).toBe('Train · pyramid-pool');
  expect(new URL(page.url()).hash).toBe('#/train');
  expect(await page.locator('.views [aria-current=page]').allTextContents()).toEqual(['Train']);
  await page.goBack();
  await expect.poll(() => page.title()).toBe('Pool · pyramid-pool');
});

test('every view fits a phone and keeps the rules of accessibility, in light and dark colours', async () => {
  const page = await visit('pool', { viewport: { width: 390, height: 844 } });
  for (const view of views) {
    await page.locator(`.site-header a[href="#/${view === 'home' ? '' : view}"]`).click();
    await settled(page, view);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), view).toBe(390);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page), `${view} in ${colorScheme} colours`).toEqual([]);
    }
  }
});

/** What the view shows by itself is on the page. */
async function settled(page: Page, view: (typeof views)[number]): Promise<void> {
  if (view === 'pool') await textOf(page, '#image-a .map-size', /^16 × /);
  if (view === 'windows') await textOf(page, '#times-text', /times as fast/);
  if (view === 'measure') await showResult(page);
  await page.locator(`.view-${view}`).waitFor();
}

/** As a link brings it. */
async function showResult(page: Page): Promise<void> {
  const sizes = [7, 13, 28, 56];
  const engines = ['bound', 'plain-js', 'scalar', 'simd'].map((name, i) => ({
    name,
    microseconds: sizes.map((size) => size * (i + 1) * 1000),
  }));
  const host = { date: '2026-01-01', agent: 'a browser', cores: 8, isolated: true };
  const report: Report = {
    version: 1,
    operation: 'forward',
    channels: 16,
    levels: [4, 2, 1],
    sizes,
    engines,
    host,
  };
  const word = await encodeReport(report);
  await page.evaluate((word) => {
    location.hash = `#/measure?result=${word}`;
  }, word);
  await textOf(page, '#result-title', /forward, 16 channels/);
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.map(
    ({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ target }) => target).join(', ')})`,
  );
}

test('the front door leads to everything, and its example runs', async () => {
  const page = await visit('home', { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.goto(inject('isolated'));
  await expect.poll(() => page.title()).toBe('Spatial pyramid pooling · pyramid-pool');
  const addresses = await page
    .locator('a')
    .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
  expect(addresses.filter((address) => address.includes('/source/'))).toEqual([]);
  for (const place of ['#/pool', '#/train', '#/windows', '#/measure', 'camera/', 'api/'])
    expect(addresses).toContain(`${inject('isolated')}${place}`);
  expect(addresses).toContain(`${repository.url.replace(/^git\+|\.git$/g, '')}/tree/main/docs`);

  await page.getByRole('button', { name: 'Copy' }).nth(1).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.trim()).toBe((await page.locator('#code').textContent())?.trim());
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', copied], {
    encoding: 'utf8',
  });
  expect({ stdout, stderr }).toEqual({ stdout: '[ 1, 5376 ] [ 1, 256, 13, 13 ]\n', stderr: '' });
  expect(await textOf(page, '.view-home', /It prints/)).toContain(stdout.trim());
});

test('every view links to the API reference, which is a part of the site', async () => {
  const page = await visit('home');
  for (const view of views) {
    await page.goto(`${inject('isolated')}#/${view}`);
    await page.locator(`.view-${view} h1`).waitFor();
    expect(await page.getByRole('link', { name: 'API reference' }).last().isVisible(), view).toBe(true);
  }
  await page.getByRole('link', { name: 'API reference' }).last().click();
  await page.waitForURL(/\/api\/$/);
  await page.goto(`${inject('isolated')}api/functions/index.createPyramidPool.html`);
  await textOf(page, 'body', /createPyramidPool\(/);
});

test('the theme can be chosen, and is remembered', async () => {
  const page = await visit('pool', { colorScheme: 'light' });
  await page.getByRole('button', { name: 'Use dark colours' }).click();
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
  await page.reload();
  await page.getByRole('button', { name: 'Use light colours' }).waitFor();
});

test('the page works where the browser keeps nothing for it', async () => {
  const page = await visit('measure', {
    onPage: (page) =>
      page.addInitScript(() => {
        const denied = () => {
          throw new DOMException('denied', 'SecurityError');
        };
        Object.defineProperty(window, 'localStorage', { get: denied });
      }),
  });
  await page.getByRole('button', { name: /Use .* colours/ }).click();
  await page.getByRole('link', { name: 'Train' }).click();
  await page.locator('.view-train h1').waitFor();
});

test('the skip link leads into the view that is shown', async () => {
  const page = await visit('train');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('go');
  expect(new URL(page.url()).hash).toBe('#/train');
});

test('a file that is dropped beside its place does not take the page away', async () => {
  const page = await visit('train');
  expect(await drop(page, 'h1', Buffer.from('anything'), 'text/plain')).toBe('prevented');
});

test('a view that cannot be loaded says so, and is loaded when it is asked for again', async () => {
  const page = await visit('train');
  let lost = 0;
  await page.context().route(/\/view-[^/]*\.js/, (route) => {
    lost++;
    // As a host answers that has a newer build.
    return route.fulfill({ contentType: 'text/javascript', body: 'throw new Error("lost");' });
  });
  await page.getByRole('link', { name: 'Measure' }).click();
  await textOf(page, '.view-measure .problem', /could not be loaded: lost/);
  expect(lost).toBe(1);
  await page.getByRole('link', { name: 'Train' }).click();
  await page.locator('.view-train h1').waitFor();
  await page.getByRole('link', { name: 'Measure' }).click();
  await textOf(page, '.view-measure .problem', /could not be loaded: lost/);
  await page.context().unrouteAll();
  await page.getByRole('button', { name: 'Load the page anew' }).click();
  await page.locator('.view-measure h1').waitFor();
});

test('what could not be loaded is tried again when the visitor says so', async () => {
  const page = await visit('train', { mayComplain: /status of 503/ });
  await page
    .context()
    .route(/(ort-wasm|tfjs-backend-wasm).*\.wasm/, (route) => route.fulfill({ status: 503 }));
  await page.getByRole('link', { name: 'Windows' }).click();
  await textOf(page, '.view-windows #loading .problem', /could not be loaded \(503\)/);
  await page.locator('.views a[href="#/pool"]').click();
  await textOf(page, '.view-pool #loading .problem', /The network could not be started/);
  await page.context().unrouteAll();
  await page.getByRole('button', { name: 'Try again' }).click();
  await textOf(page, '#image-a .map-size', /^16 × /);
  await page.getByRole('link', { name: 'Windows' }).click();
  await page.getByRole('button', { name: 'Try again' }).click();
  await textOf(page, '#times-text', /times as fast/);
});
