import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startWorkerd } from '../../scripts/edge.mjs';
import { withPage } from './page.mjs';
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
 * @property {boolean} [browser] whether it needs Chromium
 * @property {(place: import('./place.mjs').Place) => Promise<object>} run returns what `check` in check.js returns
 */

const inProcess = { ran: everywhere, byDefault: best };
const onPage = { runtime: 'Chromium', browser: true, ran: everywhere, byDefault: best };

const node = (major) => {
  const program = (place) => place.tool(`node${major}`, 'bin', 'node');
  const run = (file) => (place) => place.printed(program(place), [file]);
  return [
    { ...inProcess, runtime: `Node ${major}`, how: '`import`', run: run('main.mjs') },
    { ...inProcess, runtime: `Node ${major}`, how: '`require`', run: run('main.cjs') },
  ];
};

const typescript = (how, file) => ({
  ...inProcess,
  runtime: `Node ${Number.parseInt(process.versions.node, 10)}`,
  how: `TypeScript, ${how}`,
  run: (place) => place.printed(process.execPath, [file]),
});

const bundled = (how, output) => ({
  ...onPage,
  how,
  run: async (place) => withServer(serveFolder(join(place.folder, output)), readResult),
});

/** @type {{ folder: string, build?: string, checks: Check[] }[]} */
export const consumers = [
  {
    folder: 'next',
    build: 'build',
    checks: [
      {
        ...onPage,
        how: 'Next.js client component',
        run: (place) => withServer(serveCommand(place, 'start', '--port'), readResult),
      },
      {
        ...inProcess,
        runtime: `Node ${Number.parseInt(process.versions.node, 10)}`,
        how: 'Next.js server route',
        run: (place) =>
          withServer(serveCommand(place, 'start', '--port'), async (url) =>
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
        run: (place) => place.printed(place.tool('.bin', 'deno'), ['run', '--no-remote', 'main.js']),
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
        run: (place) => place.printed(place.tool('.bin', 'bun'), ['main.js']),
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
        run: (place) => withServer(serveCommand(place, 'dev', '--strictPort', '--port'), readResult),
      },
    ],
  },
  { folder: 'webpack', build: 'build', checks: [bundled('webpack 5', 'public')] },
  { folder: 'esbuild', build: 'build', checks: [bundled('esbuild', 'public')] },
  { folder: 'rollup', build: 'build', checks: [bundled('Rollup', 'public')] },
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
        run: (place) => withServer(serveFolder(place.folder, { isolated: false }), readResult),
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
    run: (place) =>
      withServer(serveFolder(place.folder, { isolated }), async (url) => {
        const { result, requested } = await withPage(new URL('lazy.html', url));
        const payloads = requested.filter((path) => /\/wasm\/.+\.js$/.test(path));
        const expected = [`${byDefault}.js`, 'unpack.js'];
        const found = payloads.map((path) => path.split('/').at(-1));
        if (found.sort().join() !== expected.sort().join()) throw new Error(`the page loaded ${found}`);
        return result;
      }),
  };
}

async function answerOfWorkerd(place) {
  const miniflare = await startWorkerd(join(place.folder, 'dist'));
  try {
    return await (await miniflare.dispatchFetch('http://worker/')).json();
  } finally {
    await miniflare.dispose();
  }
}

const readResult = async (url) => (await withPage(url)).result;

async function withServer(starting, work) {
  const server = await starting;
  try {
    return await work(server.url);
  } finally {
    await server.close();
  }
}
