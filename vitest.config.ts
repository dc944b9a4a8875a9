import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import type { BrowserProviderOption } from 'vitest/node';
import { browsers, findBrowser } from './scripts/browsers.mjs';
import { isolation } from './scripts/isolation.mjs';
import { strictPages } from './test/browser/strict-pages.js';
import { chromium } from './test/providers/chromium.js';
import { firefox } from './test/providers/firefox.js';
import { webkit } from './test/providers/webkit.js';
import { inNode, inWorkers, onPages } from './test/selection.js';

const root = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The tests run against the built package, and carry their golden data: in a browser they read no files. */
const shared = (host: string) => ({
  resolve: {
    alias: [
      { find: /^pyramid-pool$/, replacement: root(`dist/${host}/index.js`) },
      { find: /^pyramid-pool\/(tfjs|tfjs-core|onnx)$/, replacement: root(`dist/${host}/$1.js`) },
    ],
  },
  assetsInclude: ['**/*.bin', '**/*.onnx'],
});

/** A browser on a busy machine may miss a time-out; a fault fails twice. */
const retry = process.env.CI ? 1 : 0;
const timeouts = { testTimeout: 60_000, hookTimeout: 60_000 };

const tfjs = ['core', 'layers', 'backend-cpu', 'backend-wasm'].map((name) => `@tensorflow/tfjs-${name}`);

const node: TestProjectConfiguration = {
  ...shared('node'),
  test: {
    name: 'node',
    ...inNode,
    ...timeouts,
    execArgv: ['--expose-gc'],
    // Vitest leaves one core free. Many of these tests wait for processes of their own, so two run at a time on two cores as well.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // The package is loaded by Node itself, as its users do.
    server: { deps: { external: [/\/dist\//] } },
  },
};

const providers: Record<string, (program: string) => BrowserProviderOption> = { chromium, firefox, webkit };

/** The tests in a browser, on pages served with these headers; nowhere, where it is not installed. */
function inBrowser(browser: string, headers: Record<string, string>): TestProjectConfiguration[] {
  const program = findBrowser(browser);
  if (!program) return [];
  const isolated = headers === isolation;
  return [
    {
      ...shared('browser'),
      plugins: [strictPages(headers)],
      server: { headers },
      // Named, so that they are bundled before the tests begin: found later, they would have pages reload in the middle.
      optimizeDeps: {
        include: ['fast-check', 'mobx', 'vue', ...tfjs],
        // It loads its WASM from where it lies.
        exclude: ['onnxruntime-web'],
      },
      // WebKit does not read `using` yet.
      oxc: { target: 'es2022' },
      test: {
        name: isolated ? browser : `${browser} without isolation`,
        ...onPages(isolated),
        setupFiles: ['test/browser/setup.ts'],
        retry,
        ...timeouts,
        // One browser after another: each has use for all cores.
        sequence: { groupOrder: 2 * Object.keys(browsers).indexOf(browser) + (isolated ? 1 : 2) },
        browser: {
          enabled: true,
          headless: true,
          screenshotFailures: false,
          ui: false,
          provider: providers[browser]!(program),
          instances: [{ browser: browser as 'chromium' }],
        },
      },
    },
  ];
}

/** The demo, built and visited. */
const demo: TestProjectConfiguration = {
  test: {
    name: 'demo',
    include: ['test/demo/**/*.test.ts'],
    globalSetup: ['test/demo/site.ts'],
    retry,
    ...timeouts,
    // After all others: it trains and measures.
    sequence: { groupOrder: 2 * Object.keys(browsers).length + 1 },
  },
};

/** How long random tests go on: a short while, unless `npm run fuzz` asks for more. */
const { FUZZ_SEED = '1', FUZZ_MINUTES = '0', SOAK_CALLS = '4000' } = process.env;

export default defineConfig({
  test: {
    provide: {
      inWorkers,
      random: { seed: Number(FUZZ_SEED), minutes: Number(FUZZ_MINUTES), calls: Number(SOAK_CALLS) },
    },
    projects: [
      node,
      ...Object.keys(browsers).flatMap((browser) =>
        [isolation, {}].flatMap((headers) => inBrowser(browser, headers)),
      ),
      // Chromium is needed; Firefox is visited where it is there.
      ...(findBrowser('chromium') ? [demo] : []),
    ],
  },
});
