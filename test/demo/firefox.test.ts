/** The demo in Firefox, which is driven another way. */
import { launch } from 'puppeteer-core';
import { expect, inject, test } from 'vitest';
import { findBrowser } from '../../scripts/browsers.mjs';

const executablePath = findBrowser('firefox');

test.runIf(executablePath)('every view works in Firefox, and a network is trained', async () => {
  const browser = await launch({
    browser: 'firefox',
    headless: true,
    executablePath: executablePath as string,
  });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    const says = (selector: string, text: string) =>
      page.waitForFunction(
        (selector: string, text: string) => document.querySelector(selector)?.textContent?.includes(text),
        {},
        selector,
        text,
      );
    const show = async (view: string) => {
      await page.click(`.views a[href="#/${view}"]`);
      await page.waitForSelector(`.view-${view}:not([hidden])`);
    };

    await page.goto(`${inject('isolated')}#/pool`);
    await says('#slot-b .slot-size', '16 × 19 × 19 cells → 336 values');
    await says('#runtime', 'simd-threads');
    await show('windows');
    await says('#times-text', 'times as fast');
    await show('measure');
    await page.select('#channels', '16');
    await page.click('#run');
    await says('#measure-now', 'round');
    await page.click('#cancel');
    await says('#measure-status', 'Cancelled');
    await page.click('#run');
    await says('#measure-status', 'Measured.');
    await show('train');
    await page.click('#go');
    await says('#test-text', 'Recognised');
    const text = await page.$eval('#test-text', ({ textContent }) => textContent);
    expect(Number(/([\d.]+) %/.exec(text ?? '')?.[1])).toBeGreaterThan(88);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
