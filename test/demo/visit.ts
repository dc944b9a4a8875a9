/** A visitor of the demo, with a browser. */
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type JSHandle,
  type Page,
  type Response,
} from 'playwright';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import { findBrowser } from '../../scripts/browsers.mjs';
import { chromiumFlags } from '../providers/chromium-flags.mjs';

/** A view on screen, once its code has arrived. */
export type Visit = (
  view: 'home' | 'pool' | 'train' | 'windows' | 'measure',
  options?: BrowserContextOptions & {
    isolated?: boolean;
    onResponse?: (response: Response) => void;
    /** Called with the page before anything is on it. */
    onPage?: (page: Page) => Promise<unknown>;
    /** What the browser itself says of what this test breaks. */
    mayComplain?: RegExp;
  },
) => Promise<Page>;

/** Every page that a test file visits must have nothing to complain about. */
export function visitor(): Visit {
  let browser: Browser;
  const complaints: string[] = [];

  beforeAll(async () => {
    const executablePath = findBrowser('chromium');
    browser = await chromium.launch({ ...(executablePath && { executablePath }), args });
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(() => browser.close());

  return async (view, { isolated = true, onResponse, onPage, mayComplain, ...options } = {}) => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    if (onResponse) page.on('response', onResponse);
    await onPage?.(page);
    page.on('console', (message) => {
      const text = message.text();
      if (['error', 'warning'].includes(message.type()) && !mayComplain?.test(text)) complaints.push(text);
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(`${inject(isolated ? 'isolated' : 'plain')}#/${view}`);
    await page.locator(`.view-${view} h1`).waitFor();
    return page;
  };
}

/** A camera that shows a test picture, and asks nobody. */
const args = [...chromiumFlags, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/** Waits until an element's text matches. */
export async function textOf(page: Page, selector: string, pattern: RegExp): Promise<string> {
  const found = page.locator(selector).filter({ hasText: pattern }).first();
  await found.waitFor();
  return (await found.textContent()) ?? '';
}

/** The first number in what an element says, once it says it. */
export async function numberIn(page: Page, selector: string, pattern: RegExp): Promise<number> {
  const [, number = ''] = pattern.exec(await textOf(page, selector, pattern)) ?? [];
  return Number(number.replaceAll(',', ''));
}

/** An image file, made in the page: a dark cross on white. */
export async function imageFile(page: Page, width: number, height: number): Promise<Buffer> {
  const url = await page.evaluate(
    ([width, height]) => {
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      const context = canvas.getContext('2d')!;
      context.fillStyle = 'white';
      context.fillRect(0, 0, width, height);
      context.lineWidth = 6;
      context.moveTo(0, 0);
      context.lineTo(width, height);
      context.moveTo(width, 0);
      context.lineTo(0, height);
      context.stroke();
      return canvas.toDataURL('image/png');
    },
    [width, height] as const,
  );
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
}

/** Drops a file on an element, as a hand does; unless it is prevented, the browser leaves the page for the file. */
export async function drop(
  page: Page,
  selector: string,
  content: Buffer,
  type: string,
): Promise<'prevented' | 'left to the browser'> {
  const transfer = await transferOf(page, content, type);
  return page.locator(selector).evaluate((place, dataTransfer) => {
    const event = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
    return place.dispatchEvent(event) ? 'left to the browser' : 'prevented';
  }, transfer);
}

/** Pastes a file while nothing has the focus. */
export async function paste(page: Page, content: Buffer, type: string): Promise<void> {
  const transfer = await transferOf(page, content, type);
  await page.evaluate((clipboardData) => {
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
  }, transfer);
}

function transferOf(page: Page, content: Buffer, type: string): Promise<JSHandle<DataTransfer>> {
  return page.evaluateHandle(
    ([bytes, type]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(bytes)], 'given', { type }));
      return transfer;
    },
    [[...content], type] as const,
  );
}
