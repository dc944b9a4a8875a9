import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { unpackModule } from './build-unpack.mjs';
import { writeStubs } from './entry-stubs.mjs';
import { hosts, specifiers } from './hosts.mjs';
import { packLzma } from './lzma.mjs';
import { installedProgram } from './programs.mjs';
import { inProject } from './project.mjs';
import { run, step } from './step.mjs';
import { importedMemory, published, variants } from './variants.mjs';

const dist = (...names) => inProject('dist', ...names);
const pkg = (variant, file) => inProject('target', 'pkg', variant, file);

/** Names what is bundled from elsewhere, and its licence. */
const holding = (parts) => ({ js: `/* Holds parts of ${parts}. */` });

/** The package's modules: the name of each in dist/<host>, and its source. */
const entries = {
  index: inProject('ts', 'index.ts'),
  tfjs: inProject('ts', 'tfjs', 'index.ts'),
  'tfjs-core': inProject('ts', 'tfjs', 'op.ts'),
  onnx: inProject('ts', 'onnx', 'index.ts'),
};

/** The command of the package, for Node alone. */
const command = { cli: inProject('ts', 'onnx', 'cli.ts') };

/** Builds the package into dist/: the variants, the types, the script of workers, and the code for each kind of host. */
export async function buildTs() {
  rmSync(dist(), { recursive: true, force: true });
  for (const folder of ['wasm', 'node']) mkdirSync(dist(folder), { recursive: true });
  await step('payloads written', async () => {
    await bundle({
      entryPoints: [inProject('ts', 'platform', 'unpack.ts')],
      outdir: dist('wasm'),
      format: 'esm',
      minify: true,
      plugins: [specifiers({ '#unpack-module': { text: readFileSync(unpackModule, 'base64') } })],
    });
    await Promise.all(published.map(writePayload));
  });
  await step('types written', async () => {
    const [node, tsc] = installedProgram('typescript', 'tsc');
    await run(node, [tsc, '--project', 'tsconfig.build.json']);
  });
  copyFileSync(inProject('ts', 'onnx', 'pyramid_pool_onnx.py'), dist('pyramid_pool_onnx.py'));
  await step('TypeScript bundled', async () => {
    const worker = await bundleWorker({ minify: true });
    await writeWorkerFile();
    await Promise.all(Object.keys(hosts).map((host) => bundleFor(host, worker)));
    writeStubs();
  });
}

/**
 * One variant as a module: its glue as a factory, and the WASM in base64, which every bundler and runtime can carry: packed, and as it
 * is for Node, which reads it from a disk. The glue is there as well by itself where some have
 * the WASM from elsewhere: workerd, and threads. One file is loaded sooner than two.
 */
async function writePayload(variant) {
  const wasm = pkg(variant, 'pyramid_pool_bg.wasm');
  copyFileSync(wasm, dist('wasm', `${variant}.wasm`));
  // The glue keeps one instance in module state. Wrapped in a function, each runtime gets a copy of its own.
  const module = pkg(variant, 'pyramid_pool.js');
  const script = await bundleScript('glue', 'initSync', module, {
    minify: true,
    plugins: [withoutModuleCheck],
  });
  const glue = `export function createGlue() {\n${script}return glue;\n}\n`;
  if (variant !== 'scalar') writeFileSync(dist('wasm', `${variant}-glue.js`), glue);
  const bytes = readFileSync(wasm);
  writeFileSync(dist('wasm', `${variant}.js`), glue + payload(variant, bytes, await packLzma(bytes)));
  writeFileSync(dist('node', `${variant}.js`), glue + payload(variant, bytes, bytes));
}

/**
 * The glue asks by `instanceof` whether it was given a module, and compiles it otherwise. It is always given one, and that
 * may be of another realm, of whose class it is not.
 */
const withoutModuleCheck = {
  name: 'without-module-check',
  setup(build) {
    build.onLoad({ filter: /pyramid_pool\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const check =
        /if \(!\(module instanceof WebAssembly\.Module\)\) \{\s*module = new WebAssembly\.Module\(module\);\s*\}/;
      if (!check.test(text)) throw new Error(`${path} does not check its module as wasm-bindgen's glue did.`);
      return { contents: text.replace(check, ''), loader: 'js' };
    });
  },
};

const payload = (variant, bytes, packed) => `\
export const wasm = '${Buffer.from(packed).toString('base64')}';
export const pages = ${JSON.stringify(variants[variant].threads ? { ...importedMemory, sharedAt: sharedFlagOf(bytes) } : undefined)};
`;

/** Where a module says that the memory it imports is shared: the byte behind the name and the kind of the import. */
function sharedFlagOf(bytes) {
  const entry = Buffer.from('\x06memory\x02\x03');
  const at = bytes.indexOf(entry);
  if (at < 0 || bytes.indexOf(entry, at + 1) >= 0)
    throw new Error('The module does not import one shared memory.');
  return at + entry.length - 1;
}

/** The script of workers, which sets the global \`worker\`. */
const bundleWorker = (options) =>
  bundleScript('worker', 'serve', inProject('ts', 'threads', 'worker.ts'), {
    ...options,
    plugins: [specifiers({ '#wasm/*': { path: dist('wasm', '*.js') } })],
  });

/** The package's modules for one kind of host, with all that is the host's own; payloads stay modules of their own. */
async function bundleFor(host, worker) {
  const { platform, files } = hosts[host];
  // Modules of the package that import each other share their code.
  const entryPoints = host === 'node' ? { ...entries, ...command } : entries;
  await bundleModules(host, { entryPoints, platform, worker, splitting: true });
  // Where `import()` is forbidden, in a module of its own: it holds no way to load others.
  await bundleModules(host, { entryPoints: { static: entries.index }, platform: 'static.ts', worker });
  for (const [name, text] of Object.entries(files)) writeFileSync(dist(host, name), text);
}

function bundleModules(host, { entryPoints, platform, worker, splitting = false }) {
  const { bytes, payloads } = hosts[host];
  return bundle({
    entryPoints,
    outdir: dist(host),
    format: 'esm',
    splitting,
    sourcemap: true,
    // All but white space: minifying that removes the comments that mark what bundlers may drop.
    minifyIdentifiers: true,
    minifySyntax: true,
    plugins: [
      specifiers({
        '#platform': { path: inProject('ts', 'platform', platform) },
        '#bytes': { path: inProject('ts', 'platform', bytes) },
        '#unpack': { path: '../wasm/unpack.js', external: true },
        '#wasm/*-glue': { path: '../wasm/*-glue.js', external: true },
        '#wasm/*': { path: payloads, external: true },
        '#worker-source': { text: worker },
      }),
    ],
    external: ['node:*', '@tensorflow/*'],
    banner: holding(
      'wasm-feature-detect, Copyright Google Inc., Apache License 2.0, and of pbf, Copyright Mapbox, BSD 3-Clause License',
    ),
  });
}

/**
 * The file for pages that forbid workers from blobs. It is not minified, and carries its source map: bundlers put small files into
 * their URLs (below 4 kB in Vite, 8 kB in webpack, 14 kB with Rollup's plugin), and such URLs are what those pages forbid.
 */
async function writeWorkerFile() {
  const footer = { js: 'onmessage = (event) => worker.serve(event.data);' };
  writeFileSync(dist('worker.js'), await bundleWorker({ footer, sourcemap: 'inline' }));
}

/** Bundles to the text of a script that sets a variable to an object with one export of a module; exports of a script take more bytes. */
async function bundleScript(name, exported, module, options) {
  const contents = `import { ${exported} } from ${JSON.stringify(module)};\n${name}.${exported} = ${exported};\n`;
  const { outputFiles } = await bundle({
    format: 'iife',
    write: false,
    stdin: { contents, resolveDir: inProject() },
    banner: { js: `var ${name} = {};` },
    ...options,
  });
  return outputFiles[0].text;
}

async function bundle(options) {
  // Here and not at the top: this module is read before dependencies are installed.
  const { build } = await import('esbuild');
  return build({ bundle: true, logLevel: 'silent', target: 'es2022', ...options });
}
