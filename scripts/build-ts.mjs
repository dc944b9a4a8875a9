import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { inProject } from './project.mjs';
import { run, step } from './step.mjs';
import { importedMemory, variants } from './variants.mjs';

const dist = (...names) => inProject('dist', ...names);
const pkg = (variant, file) => inProject('target', 'pkg', variant, file);

/** Builds the package into dist/: each variant as a module that holds it, the TypeScript, and the worker. */
export async function buildTs() {
  rmSync(dist(), { recursive: true, force: true });
  mkdirSync(dist('wasm'), { recursive: true });
  await step('payloads written', () => Promise.all(Object.keys(variants).map(writePayload)));
  await step('TypeScript compiled', async () => {
    writeWorkerSource('');
    await run('npx', ['tsc', '--project', 'tsconfig.build.json']);
  });
  await step('worker bundled', async () => {
    const { text } = await bundle({
      entryPoints: [dist('threads', 'worker.js')],
      globalName: 'worker',
      minify: true,
    });
    writeWorkerSource(text);
    writeFileSync(dist('worker.js'), `${text}onmessage = (event) => worker.serve(event.data);\n`);
  });
}

/** One variant as modules: its glue as a factory, and the WASM in base64, which every bundler and runtime can carry. */
async function writePayload(variant) {
  const wasm = pkg(variant, 'pyramid_pool_bg.wasm');
  copyFileSync(wasm, dist('wasm', `${variant}.wasm`));
  // The glue keeps one instance in module state. Wrapped in a function, each runtime gets a copy of its own.
  const { text } = await bundle({
    stdin: {
      contents: `export { initSync } from ${JSON.stringify(pkg(variant, 'pyramid_pool.js'))}`,
      resolveDir: inProject(),
    },
    globalName: 'glue',
    minify: true,
  });
  write(
    `wasm/${variant}-glue`,
    `export function createGlue() {\n${text}return glue;\n}\n`,
    "export declare const createGlue: import('../variant.js').Payload['createGlue'];\n",
  );
  const pages = variants[variant].threads ? importedMemory : undefined;
  write(
    `wasm/${variant}`,
    [
      `export { createGlue } from './${variant}-glue.js';`,
      `export const wasm = '${readFileSync(wasm, 'base64')}';`,
      `export const pages = ${JSON.stringify(pages)};\n`,
    ].join('\n'),
    [
      `export { createGlue } from './${variant}-glue.js';`,
      'export declare const wasm: string;',
      "export declare const pages: import('../variant.js').Payload['pages'];\n",
    ].join('\n'),
  );
}

function writeWorkerSource(text) {
  write(
    'worker-source',
    `export const workerSource = ${JSON.stringify(text)};\n`,
    'export declare const workerSource: string;\n',
  );
}

function write(name, code, types) {
  writeFileSync(dist(`${name}.js`), code);
  writeFileSync(dist(`${name}.d.ts`), types);
}

/** Bundles to one script that sets a global. */
async function bundle(options) {
  // Here and not at the top: this module is read before dependencies are installed.
  const { build } = await import('esbuild');
  const result = await build({
    bundle: true,
    format: 'iife',
    write: false,
    logLevel: 'silent',
    target: 'es2022',
    ...options,
  });
  return result.outputFiles[0];
}
