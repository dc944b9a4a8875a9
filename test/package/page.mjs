import { findBrowser } from '../../scripts/browsers.mjs';
import { chromiumFlags } from '../providers/chromium-flags.mjs';

let browser;
let firefox;

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

/** The result of an unpacked extension in Chromium: the value that `result` in its background script resolves to. */
export async function withExtension(folder) {
  const { chromium } = await import('playwright');
  const context = await chromium.launchPersistentContext('', {
    executablePath: findBrowser('chromium'),
    ignoreDefaultArgs: ['--disable-extensions'],
    args: [...chromiumFlags, `--disable-extensions-except=${folder}`, `--load-extension=${folder}`],
  });
  try {
    const [background = await context.waitForEvent('serviceworker', { timeout: 30_000 })] =
      context.serviceWorkers();
    return await background.evaluate(() => globalThis.result);
  } finally {
    await context.close();
  }
}

/** As `withPage`, in Firefox. */
export async function withFirefoxPage(url) {
  firefox ??= launchFirefox();
  const page = await (await firefox).newPage();
  try {
    await page.goto(url.href ?? url);
    const result = await page.waitForSelector('#result:not(:empty)', { timeout: 60_000 });
    return JSON.parse(await result.evaluate(({ textContent }) => textContent));
  } finally {
    await page.close();
  }
}

async function launchFirefox() {
  const { launch } = await import('puppeteer-core');
  return launch({ browser: 'firefox', headless: true, executablePath: findBrowser('firefox') });
}

/** Ends the browsers that were started. */
export async function closeBrowser() {
  await (await browser)?.close();
  await (await firefox)?.close();
}

async function launch() {
  const { chromium } = await import('playwright');
  return chromium.launch({ executablePath: findBrowser('chromium'), args: chromiumFlags });
}
