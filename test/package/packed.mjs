import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hosts } from '../../scripts/hosts.mjs';
import { inProject } from '../../scripts/project.mjs';
import { fail, run } from '../../scripts/step.mjs';
import { tarball } from './consumer-folder.mjs';

const hostNames = Object.keys(hosts);

/** What may be in the package, and nothing else. */
const allowed = [
  /^(package\.json|README\.md|LICENSE-(APACHE|MIT))$/,
  new RegExp(`^dist/(${hostNames.join('|')})/[\\w-]+\\.js(\\.map)?$`),
  /^dist\/wasm\/[\w-]+\.(js|wasm)$/,
  /^dist\/types\/[\w/-]+\.d\.ts$/,
  /^dist\/worker\.js$/,
  /^dist\/pyramid_pool_onnx\.py$/,
  // For tools that do not read `exports`.
  /^(static|tfjs|tfjs-core|onnx)\/package\.json$/,
];

const needed = [
  'README.md',
  'LICENSE-APACHE',
  'LICENSE-MIT',
  ...['index', 'tfjs/index', 'tfjs/op', 'onnx/index'].map((name) => `dist/types/${name}.d.ts`),
  'dist/worker.js',
  'dist/pyramid_pool_onnx.py',
  'dist/node/cli.js',
  ...['static', 'tfjs', 'tfjs-core', 'onnx'].map((name) => `${name}/package.json`),
  ...hostNames.flatMap((host) =>
    ['index', 'static', 'tfjs', 'tfjs-core', 'onnx'].flatMap((name) => [
      `dist/${host}/${name}.js`,
      `dist/${host}/${name}.js.map`,
    ]),
  ),
  ...['scalar', 'simd', 'simd-threads'].flatMap((variant) => [
    `dist/wasm/${variant}.js`,
    `dist/wasm/${variant}.wasm`,
  ]),
];

/** Checks of the packed package, by title. */
export const packedChecks = {
  'the package holds what it must and nothing else': ({ files }) => {
    const strangers = files.filter((file) => !allowed.some((pattern) => pattern.test(file)));
    const missing = needed.filter((file) => !files.includes(file));
    if (strangers.length > 0) fail(`The package holds ${strangers.join(', ')}.`);
    if (missing.length > 0) fail(`The package lacks ${missing.join(', ')}.`);
  },

  'source maps hold their sources': ({ consumer, files }) => {
    const read = (file) => readFileSync(inPackage(consumer, file), 'utf8');
    const compared = new Set();
    for (const file of files.filter((name) => name.endsWith('.map'))) {
      const { sources, sourcesContent } = JSON.parse(read(file));
      sources.forEach((source, i) => {
        if (!sourcesContent?.[i]) fail(`${file} lacks the text of ${source}.`);
        const original = inProject(dirname(file), source);
        if (!original.startsWith(inProject('ts', '/'))) return;
        if (sourcesContent[i] !== readFileSync(original, 'utf8')) fail(`${file} holds another ${source}.`);
        compared.add(original);
      });
      const code = read(file.replace(/\.map$/, ''));
      if (!code.trimEnd().endsWith(`//# sourceMappingURL=${basename(file)}`))
        fail(`${file} is named by no code.`);
    }
    if (!compared.has(inProject('ts', 'runtime', 'runtime.ts')))
      fail('No source map holds ts/runtime/runtime.ts.');
  },

  'nothing else is installed with it': ({ consumer }) => {
    const installed = readdirSync(join(consumer.folder, 'node_modules')).filter(
      (name) => !name.startsWith('.'),
    );
    if (installed.join() !== 'pyramid-pool') fail(`${installed.join(', ')} are installed.`);
  },

  'publint has nothing to say': ({ consumer }) =>
    run(consumer.tool('.bin', 'publint'), ['--strict', tarball]),

  'are-the-types-wrong finds none wrong': ({ consumer }) => {
    const wasm = ['scalar.wasm', 'simd.wasm', 'simd-threads.wasm'];
    const assets = [...wasm, ...wasm.map((name) => `${name}?module`), 'worker.js'];
    // CommonJS loads it by `require` where Node allows that for ES modules.
    const rules = ['--ignore-rules', 'cjs-resolves-to-esm'];
    const args = [tarball, '--profile', 'strict', ...rules, '--exclude-entrypoints', ...assets];
    return run(consumer.tool('.bin', 'attw'), args);
  },

  'tools that do not read `exports` find every module': async ({ consumer }) => {
    const { default: resolver } = await import(consumer.tool('eslint-import-resolver-node', 'index.js'));
    for (const name of ['', '/static', '/tfjs', '/tfjs-core', '/onnx']) {
      const { found, path } = resolver.resolve(`pyramid-pool${name}`, join(consumer.folder, 'main.js'), {});
      if (!found) fail(`pyramid-pool${name} is not found by its folder.`);
      const byExports = await consumer.evaluate(`console.log(import.meta.resolve('pyramid-pool${name}'))`);
      if (!byExports.trim().endsWith(path)) fail(`pyramid-pool${name} is ${path}, not ${byExports}.`);
    }
  },

  'the bare WASM files and the script of workers have sub-paths': async ({ consumer }) => {
    const wasm = ['scalar.wasm', 'simd.wasm', 'simd-threads.wasm'];
    const names = [...wasm, ...wasm.map((name) => `${name}?module`), 'worker.js'];
    await consumer.evaluate(`
      for (const name of ${JSON.stringify(names)}) {
        const url = import.meta.resolve('pyramid-pool/' + name);
        const bytes = await import('node:fs').then(({ readFileSync }) => readFileSync(new URL(url)));
        if (name.includes('.wasm')) new WebAssembly.Module(bytes);
      }
      const { createRuntime } = await import('pyramid-pool');
      const wasm = new URL(import.meta.resolve('pyramid-pool/simd.wasm'));
      (await createRuntime({ variant: 'simd', wasm })).dispose();`);
  },

  'an import alone does nothing': async ({ consumer }) => {
    await consumer.evaluate(`
      const changed = [];
      const watch = (object, names) => {
        for (const name of names) {
          const value = object[name];
          object[name] = new Proxy(value, {
            construct: (target, args) => (changed.push(name), Reflect.construct(target, args)),
            apply: (target, that, args) => (changed.push(name), Reflect.apply(target, that, args)),
          });
        }
      };
      const before = Object.keys(globalThis).join();
      watch(WebAssembly, ['Module', 'Instance', 'Memory', 'compile', 'instantiate', 'validate']);
      watch(globalThis, ['fetch', 'setTimeout', 'setInterval']);
      await import('pyramid-pool');
      if (Object.keys(globalThis).join() !== before) changed.push('globals');
      if (changed.length > 0) throw new Error('the import used ' + changed);`);
  },

  'bundlers drop what is not used': async ({ consumer }) => {
    const unused = ['forwardWithIndices', 'waitAsync', 'simd-threads'];
    for (const [what, code, most] of [
      ['an import of nothing', "import 'pyramid-pool';", 0],
      [
        'an import of the error',
        "import { PyramidPoolError } from 'pyramid-pool'; use(PyramidPoolError);",
        500,
      ],
    ]) {
      for (const [bundler, bundle] of Object.entries(bundlers)) {
        const text = (await bundle(consumer, code)).trim();
        const left = unused.filter((word) => text.includes(word));
        if (text.length > most || left.length > 0) {
          fail(`${bundler} leaves ${text.length} bytes of ${what}, more than ${most}: ${text.slice(0, 300)}`);
        }
      }
    }
  },
};

const bundlers = {
  async esbuild(consumer, code) {
    const { build } = await import('esbuild');
    const options = {
      bundle: true,
      format: 'esm',
      platform: 'browser',
      minify: true,
      write: false,
      logLevel: 'error',
    };
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: consumer.folder },
      ...options,
    });
    return outputFiles[0].text;
  },
  async Vite(consumer, code) {
    const { build } = await import('vite');
    const entry = join(consumer.folder, 'entry.js');
    const plugin = {
      name: 'entry',
      resolveId: (id) => (id === entry ? id : undefined),
      load: (id) => (id === entry ? code : undefined),
    };
    const [{ output }] = [
      await build({
        root: consumer.folder,
        configFile: false,
        logLevel: 'error',
        plugins: [plugin],
        build: { write: false, rollupOptions: { input: entry }, modulePreload: false },
      }),
    ].flat();
    return output[0].code;
  },
};

const inPackage = (consumer, file) => join(consumer.folder, 'node_modules', 'pyramid-pool', file);
