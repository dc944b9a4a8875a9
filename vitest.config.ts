import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

const root = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The tests run against the built package. */
const resolve = { alias: [{ find: /^pyramid-pool$/, replacement: root('dist/index.js') }] };

/** Golden data travels inside the tests, which read no files in a browser. */
const assetsInclude = ['**/*.bin'];

/** What lets a page share memory with its workers. */
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

const candidates = [
  process.env.CHROME,
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium-browser',
];
const executablePath = candidates.find((path) => path && existsSync(path));

// Quiet flags: a browser under test has nothing to look up and nothing to update.
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const chromium = {
  enabled: true,
  headless: true,
  screenshotFailures: false,
  ui: false,
  provider: playwright({ launchOptions: { ...(executablePath && { executablePath }), args } }),
  instances: [{ browser: 'chromium' as const }],
};

const include = ['test/unit/**/*.test.ts'];
const timeouts = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        assetsInclude,
        test: {
          name: 'node',
          include: [...include, 'test/node/**/*.test.ts'],
          ...timeouts,
          server: { deps: { external: [/\/dist\//] } },
        },
      },
      {
        resolve,
        assetsInclude,
        server: { headers: isolation },
        test: {
          name: 'chromium',
          include: [...include, 'test/browser/**/*.test.ts'],
          ...timeouts,
          browser: chromium,
        },
      },
      {
        resolve,
        assetsInclude,
        test: {
          name: 'chromium, not isolated',
          include: [...include, 'test/browser/**/*.test.ts'],
          ...timeouts,
          browser: chromium,
        },
      },
    ],
  },
});
