import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startWorkerd } from '../../scripts/edge.mjs';
import { withExtension, withFirefoxPage, withPage } from './page.mjs';
import { serveCommand, serveFolder } from './serve.mjs';

/** What each variant becomes: where all of them run, where memory cannot be shared, and where there is only one. */
const everywhere = { 'simd-threads': 'simd-threads', simd: 'simd', scalar: 'scalar' };
const alone = { ...everywhere, 'simd-threads': 'simd' };
const edge = { 'simd-threads': 'simd', simd: 'simd', scalar: 'simd' };
const best = availableParallelism() > 1 ? 'simd-threads' : 'simd';

/**
 * @typedef {object} Check one way to use an installed package
 * @property {string} runtime as the table of docs/hosts.md names it
 * @property {string} how likewise
 * @property {Record<string, string>} ran what each variant becomes
 * @property {string} byDefault the variant of the default runtime
 * @property {'chromium' | 'firefox'} [browser] the browser that it needs
 * @property {(consumer: import('./consumer-folder.mjs').Consumer) => Promise<object>} run returns what `check` in check.js returns
 */

/** This process's, as the table names it. */
const thisNode = `Node ${Number.parseInt(process.versions.node, 10)}`;

const inProcess = { ran: everywhere, byDefault: best };
const onPage = { runtime: 'Chromium', browser: 'chromium', ran: everywhere, byDefault: best };

const node = (major) => {
  const program = (consumer) => consumer.tool(`node${major}`, 'bin', 'node');
  const run = (file) => (consumer) => consumer.runAndParse(program(consumer), [file]);
  return [
    { ...inProcess, runtime: `Node ${major}`, how: '`import`', run: run('main.mjs') },
    { ...inProcess, runtime: `Node ${major}`, how: '`require`', run: run('main.cjs') },
  ];
};

const typescript = (how, file) => ({
  ...inProcess,
  runtime: thisNode,
  how: `TypeScript, ${how}`,
  run: (consumer) => consumer.runAndParse(process.execPath, [file]),
});

const bundled = (how, output) => ({
  ...onPage,
  how,
  run: async (consumer) => withServer(serveFolder(join(consumer.folder, output)), readResult),
});

/** The entry for hosts where `import()` is forbidden, which has one variant. */
const fixed = (runtime, where, run, browser) => ({
  runtime,
  how: `\`pyramid-pool/static\` ${where}`,
  run,
  ran: edge,
  byDefault: 'simd',
  ...(browser && { browser }),
});

/** The same on pages of the consumer's folder, one after the other. */
const fixedOnPages = (runtime, where, paths, read) =>
  fixed(
    runtime,
    where,
    (consumer) =>
      withServer(serveFolder(consumer.folder), async (url) => {
        const results = [];
        for (const path of paths) results.push(await read(new URL(path, url)));
        return results.find(({ error }) => error) ?? results[0];
      }),
    runtime.toLowerCase(),
  );

const readResult = async (url) => (await withPage(url)).result;

/** A script of a consumer as it is, split by a bundler, and as one file, which is a classic script. */
const inThreeWays = (page, script) => [
  `${page}?script=${script}&type=module`,
  `${page}?script=split/${script}&type=module`,
  `${page}?script=one-file/${script}&type=classic`,
];
const inServiceWorker = inThreeWays('service-worker.html', 'service-worker.js');
const inAudioWorklet = inThreeWays('audio-worklet.html', 'audio-worklet.js');

/** @type {{ folder: string, build?: string, checks: Check[] }[]} */
export const consumers = [
  {
    folder: 'next',
    build: 'build',
    checks: [
      {
        ...onPage,
        how: 'Next.js client component',
        run: (consumer) => withServer(serveCommand(consumer, 'start', '--port'), readResult),
      },
      {
        ...inProcess,
        runtime: thisNode,
        how: 'Next.js edge route',
        ran: { simd: 'simd' },
        byDefault: 'simd',
        run: (consumer) =>
          withServer(serveCommand(consumer, 'start', '--port'), async (url) =>
            (await fetch(new URL('/api/edge', url))).json(),
          ),
      },
      {
        ...inProcess,
        runtime: thisNode,
        how: 'Next.js server route',
        run: (consumer) =>
          withServer(serveCommand(consumer, 'start', '--port'), async (url) =>
            (await fetch(new URL('/api/check', url))).json(),
          ),
      },
    ],
  },
  { folder: 'node', checks: [20, 22, 24].flatMap(node) },
  {
    folder: 'typescript',
    build: 'build',
    checks: [
      typescript('`nodenext`', 'nodenext/main.mjs'),
      typescript('`nodenext` from CommonJS', 'nodenext/require.cjs'),
      typescript('`bundler`', 'bundler/main.mjs'),
    ],
  },
  {
    folder: 'deno',
    checks: [
      {
        ...inProcess,
        runtime: 'Deno 2',
        how: '`import`',
        run: (consumer) =>
          consumer.runAndParse(consumer.tool('.bin', 'deno'), ['run', '--no-remote', 'main.js']),
      },
    ],
  },
  {
    folder: 'bun',
    checks: [
      {
        ...inProcess,
        runtime: 'Bun 1',
        how: '`import`',
        run: (consumer) => consumer.runAndParse(consumer.tool('.bin', 'bun'), ['main.js']),
      },
    ],
  },
  {
    folder: 'workerd',
    build: 'build',
    checks: [
      {
        runtime: 'workerd',
        how: 'Miniflare, bundled by esbuild',
        ran: edge,
        byDefault: 'simd',
        run: answerOfWorkerd,
      },
    ],
  },
  {
    folder: 'vite',
    build: 'build',
    checks: [
      bundled('Vite build', 'dist'),
      {
        ...onPage,
        how: 'Vite dev server',
        run: (consumer) => withServer(serveCommand(consumer, 'dev', '--strictPort', '--port'), readResult),
      },
    ],
  },
  {
    folder: 'static',
    build: 'build',
    checks: [
      fixed(thisNode, 'by `import`', (consumer) => consumer.runAndParse(process.execPath, ['main.mjs'])),
      fixed(thisNode, 'by `require`', (consumer) => consumer.runAndParse(process.execPath, ['main.cjs'])),
      fixedOnPages('Chromium', 'in a service worker', inServiceWorker, readResult),
      fixedOnPages('Firefox', 'in a service worker', inServiceWorker, withFirefoxPage),
      fixedOnPages('Chromium', 'in an AudioWorklet', inAudioWorklet, readResult),
      fixed('Chromium', 'in an extension', (consumer) => withExtension(consumer.folder), 'chromium'),
    ],
  },
  { folder: 'webpack', build: 'build', checks: [bundled('webpack 5', 'public')] },
  { folder: 'esbuild', build: 'build', checks: [bundled('esbuild', 'public')] },
  { folder: 'rollup', build: 'build', checks: [bundled('Rollup', 'public')] },
  { folder: 'parcel', build: 'build', checks: [bundled('Parcel', 'public')] },
  {
    folder: 'html',
    checks: [
      bundled('plain HTML with an import map', '.'),
      {
        ...onPage,
        runtime: 'Chromium without isolation',
        how: 'plain HTML with an import map',
        ran: alone,
        byDefault: 'simd',
        run: (consumer) => withServer(serveFolder(consumer.folder, { isolated: false }), readResult),
      },
      lazy({ isolated: true, byDefault: best }),
      lazy({ isolated: false, byDefault: 'simd' }),
    ],
  },
];

/** A page that loads one variant, and no file of another. */
function lazy({ isolated, byDefault }) {
  return {
    ...onPage,
    runtime: isolated ? 'Chromium' : 'Chromium without isolation',
    how: 'loads one variant and no other',
    ran: {},
    byDefault,
    run: (consumer) =>
      withServer(serveFolder(consumer.folder, { isolated }), async (url) => {
        const { result, requested } = await withPage(new URL('lazy.html', url));
        const payloads = requested.filter((path) => /\/wasm\/.+\.js$/.test(path));
        const expected = [`${byDefault}.js`, 'unpack.js'];
        const found = payloads.map((path) => path.split('/').at(-1));
        if (found.sort().join() !== expected.sort().join()) throw new Error(`the page loaded ${found}`);
        return result;
      }),
  };
}

async function answerOfWorkerd(consumer) {
  const miniflare = await startWorkerd(join(consumer.folder, 'dist'));
  try {
    return await (await miniflare.dispatchFetch('http://worker/')).json();
  } finally {
    await miniflare.dispose();
  }
}

async function withServer(starting, work) {
  const server = await starting;
  try {
    return await work(server.url);
  } finally {
    await server.close();
  }
}
