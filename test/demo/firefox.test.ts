/** The demo in Firefox, which is driven another way. */
import { type Browser, launch, type Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { findBrowser } from '../../scripts/browsers.mjs';

const executablePath = findBrowser('firefox');
const complaints: string[] = [];

describe.runIf(executablePath)('in Firefox', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const program = executablePath as string;
    browser = await launch({ browser: 'firefox', headless: true, executablePath: program });
  });
  afterAll(() => browser.close());

  // A page of its own for each test, so that one that is repeated begins anew.
  beforeEach(async () => {
    page = await browser.newPage();
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${inject('isolated')}#/pool`);
  });
  afterEach(async () => {
    await page.close();
    expect(complaints.splice(0)).toEqual([]);
  });

  const says = async (selector: string, text: string) => {
    const isSaid = (selector: string, text: string) =>
      document.querySelector(selector)?.textContent?.includes(text);
    try {
      await page.waitForFunction(isSaid, {}, selector, text);
    } catch (error) {
      throw new Error(`${selector} does not say '${text}'. ${await shownText()}`, { cause: error });
    }
  };
  /** What explains a test that fails: all that the page says, and its complaints. */
  const shownText = async () => {
    const text = await page.$eval('main', (main) => (main as HTMLElement).innerText);
    return `The page says: ${text} Complaints: ${JSON.stringify(complaints)}`;
  };
  const show = async (view: string) => {
    await page.click(`.views a[href="#/${view}"]`);
    await page.waitForSelector(`.view-${view}:not([hidden])`);
  };

  test('images and windows are pooled', async () => {
    await says('#image-b .map-size', '16 × 19 × 19 cells → 336 values');
    await says('#runtime', 'simd-threads');
    await show('windows');
    await says('#times-text', 'times as fast');
    const found = await page.$eval('#boxes-text', ({ textContent }) => textContent);
    expect(Number(/^(\d+) digits/.exec(found ?? '')?.[1])).toBeGreaterThan(10);
  });

  test('a benchmark is cancelled, and the next one runs', async () => {
    await show('measure');
    await page.select('#channels', '16');
    // Too long to be at its end before it is cancelled, on a quick machine; and then little, for a busy one.
    await page.select('#effort', 'full');
    await page.click('#run');
    await says('#measure-now', 'round');
    await page.click('#cancel');
    await says('#measure-status', 'Cancelled');
    await page.select('#effort', 'quick');
    await page.$$eval('#engines input', (boxes) => {
      for (const box of boxes) box.checked = box.value === 'simd';
    });
    await page.click('#run');
    await says('#measure-status', 'Measured.');
  });

  test('a network is trained', async () => {
    await show('train');
    await page.click('#go');
    await says('#test-text', 'Recognised');
    const text = await page.$eval('#test-text', ({ textContent }) => textContent);
    expect(Number(/([\d.]+) %/.exec(text ?? '')?.[1])).toBeGreaterThan(88);
    await page.focus('#pad canvas');
    await page.keyboard.press('Enter');
    for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await says('#answer-text', 'that is a');
  });
});
