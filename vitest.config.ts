import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { isolation } from './scripts/isolation.mjs';

const root = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The tests run against the built package, and carry their golden data: in a browser they read no files. */
const shared = {
  resolve: {
    alias: [
      { find: /^pyramid-pool$/, replacement: root('dist/index.js') },
      { find: /^pyramid-pool\/tfjs$/, replacement: root('dist/tfjs/index.js') },
      { find: /^pyramid-pool\/tfjs-core$/, replacement: root('dist/tfjs/op.js') },
    ],
  },
  assetsInclude: ['**/*.bin', '**/*.onnx'],
};

const include = ['test/unit/**/*.test.ts', 'test/interop/**/*.test.ts'];
const timeouts = { testTimeout: 60_000, hookTimeout: 60_000 };

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

const tfjs = ['core', 'layers', 'backend-cpu', 'backend-wasm'].map((name) => `@tensorflow/tfjs-${name}`);

/** The tests in Chromium, on pages served with these headers. */
const chromium = (name: string, headers: Record<string, string>): TestProjectConfiguration => ({
  ...shared,
  server: { headers },
  // Named, so that they are bundled before the tests begin: found later, they would have pages reload in the middle.
  optimizeDeps: {
    include: ['fast-check', ...tfjs],
    // It loads its WASM from where it lies.
    exclude: ['onnxruntime-web'],
  },
  test: {
    name,
    include: [...include, 'test/browser/**/*.test.ts'],
    ...timeouts,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      ui: false,
      provider: playwright({ launchOptions: { ...(executablePath && { executablePath }), args } }),
      instances: [{ browser: 'chromium' }],
    },
  },
});

const node: TestProjectConfiguration = {
  ...shared,
  test: {
    name: 'node',
    include: [...include, 'test/node/**/*.test.ts'],
    ...timeouts,
    execArgv: ['--expose-gc'],
    // The package is loaded by Node itself, as its users do.
    server: { deps: { external: [/\/dist\//] } },
  },
};

/** How long random tests go on: a short while, unless `npm run fuzz` asks for more. */
const { FUZZ_SEED = '1', FUZZ_MINUTES = '0', SOAK_CALLS = '4000' } = process.env;

export default defineConfig({
  test: {
    provide: {
      random: { seed: Number(FUZZ_SEED), minutes: Number(FUZZ_MINUTES), calls: Number(SOAK_CALLS) },
    },
    projects: [node, chromium('chromium', isolation), chromium('chromium without isolation', {})],
  },
});
