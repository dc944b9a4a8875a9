import { ownProvider } from './own.js';

/** Firefox, by WebDriver BiDi. */
export const firefox = (executablePath: string) =>
  ownProvider('firefox', async () => {
    const { launch } = await import('puppeteer-core');
    const browser = await launch({ browser: 'firefox', executablePath, headless: true });
    return {
      async open(url) {
        await (await browser.newPage()).goto(url);
      },
      close: () => browser.close(),
    };
  });
