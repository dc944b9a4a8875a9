import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cli } from './cli.mjs';
import { bundleEdge } from './edge.mjs';
import { installedProgram } from './programs.mjs';
import { inProject } from './project.mjs';
import { run, show } from './step.mjs';

const help = `
Usage: npm run size

Bundles the built package as an application would, and says what a visitor downloads, and how much that may be.`;

const folder = inProject('target', 'sizes');

/**
 * Bundles the package as an application would, and holds what a visitor downloads against the limits of
 * .size-limit.json.
 *
 * @returns {Promise<{ name: string, size: number }[]>} bytes after gzip, by what is downloaded
 */
export async function measureSizes() {
  await bundle();
  const [node, sizeLimit] = installedProgram('size-limit');
  return JSON.parse(await run(node, [sizeLimit, '--json']));
}

/** What is downloaded: the module that an application imports, and the payload that is loaded when it asks for a runtime. */
const downloads = {
  simd: { module: 'index', payload: 'simd' },
  'simd-threads': { module: 'index', payload: 'simd-threads' },
  // Operations of tfjs do not wait, so this one holds its payload.
  tfjs: { module: 'tfjs' },
  // What it takes of the package itself is counted above.
  onnx: { module: 'onnx', beside: 'index' },
};

/** Puts each download into target/sizes, and the edge worker where it is tested. */
async function bundle() {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, { module, payload, beside }] of Object.entries(downloads)) {
    const { outputs } = await bundleModules(beside ? [module, beside] : [module]);
    const loaded = (...entries) =>
      loadedBy(
        Object.keys(outputs).filter((file) => entries.includes(outputs[file].entryPoint)),
        outputs,
      );
    const files = loaded(`dist/browser/${module}.js`, ...(payload ? [`dist/wasm/${payload}.js`] : []));
    const others = beside ? loaded(`dist/browser/${beside}.js`) : new Set();
    mkdirSync(join(folder, name));
    for (const file of files)
      if (!others.has(file)) copyFileSync(inProject(file), join(folder, name, basename(file)));
  }
  await bundleEdge();
}

/** As an application does that imports these modules of the package; TensorFlow.js is the application's own. */
async function bundleModules(modules) {
  const { build } = await import('esbuild');
  const { metafile } = await build({
    entryPoints: modules.map((module) => inProject('dist', 'browser', `${module}.js`)),
    absWorkingDir: inProject(),
    outdir: join(folder, 'all', modules[0]),
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    metafile: true,
    external: ['@tensorflow/*'],
    logLevel: 'warning',
  });
  return metafile;
}

/** These files, and all that they import at once. */
function loadedBy(files, outputs, loaded = new Set()) {
  for (const file of files) {
    if (loaded.has(file)) continue;
    loaded.add(file);
    const imports = outputs[file].imports.filter(
      ({ kind, external }) => kind === 'import-statement' && !external,
    );
    loadedBy(
      imports.map(({ path }) => path),
      outputs,
      loaded,
    );
  }
  return loaded;
}

await cli(import.meta, help, async () => {
  await bundle();
  const [node, sizeLimit] = installedProgram('size-limit');
  await show(node, [sizeLimit]);
});
