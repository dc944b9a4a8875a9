import { findBrowser } from '../../scripts/browsers.mjs';
import { chromiumFlags } from '../providers/chromium-flags.mjs';

let browser;

/**
 * Opens a page in Chromium and waits for what it writes into `#result`. Fails where the page reports an error.
 *
 * @returns {Promise<{ result: object, requested: string[] }>} the result, and the paths that the page asked for
 */
export async function withPage(url) {
  browser ??= launch();
  const context = await (await browser).newContext();
  try {
    const page = await context.newPage();
    const requested = [];
    const complaints = [];
    page.on('request', (request) => requested.push(new URL(request.url()).pathname));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(url.href ?? url);
    const result = page.locator('#result:not(:empty)');
    await result.waitFor({ timeout: 60_000 }).catch((cause) => {
      throw new Error(`the page gave no result: ${complaints.join('\n') || cause.message}`);
    });
    return { result: JSON.parse(await result.textContent()), requested };
  } finally {
    await context.close();
  }
}

/** Ends the browser, if it was started. */
export async function closeBrowser() {
  await (await browser)?.close();
}

async function launch() {
  const { chromium } = await import('playwright');
  return chromium.launch({ executablePath: findBrowser('chromium'), args: chromiumFlags });
}
