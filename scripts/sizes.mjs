import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cli } from './cli.mjs';
import { bundleEdge } from './edge.mjs';
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
  return JSON.parse(await run('npx', ['size-limit', '--json']));
}

/** Puts into target/sizes/<variant> what a page loads that runs the variant. */
async function bundle() {
  rmSync(folder, { recursive: true, force: true });
  const { build } = await import('esbuild');
  const { metafile } = await build({
    entryPoints: [inProject('dist', 'browser', 'index.js')],
    absWorkingDir: inProject(),
    outdir: join(folder, 'all'),
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    metafile: true,
    logLevel: 'warning',
  });
  const named = (name) =>
    Object.keys(metafile.outputs).find((file) => metafile.outputs[file].entryPoint === name);
  for (const variant of ['simd', 'simd-threads']) {
    mkdirSync(join(folder, variant));
    const entries = ['dist/browser/index.js', `dist/wasm/${variant}.js`].map(named);
    for (const file of loadedBy(entries, metafile))
      copyFileSync(inProject(file), join(folder, variant, basename(file)));
  }
  await bundleEdge();
}

/** These files, and all that they import at once. */
function loadedBy(files, metafile, loaded = new Set()) {
  for (const file of files) {
    if (loaded.has(file)) continue;
    loaded.add(file);
    const imports = metafile.outputs[file].imports.filter(({ kind }) => kind === 'import-statement');
    loadedBy(
      imports.map(({ path }) => path),
      metafile,
      loaded,
    );
  }
  return loaded;
}

await cli(import.meta, help, async () => {
  await bundle();
  await show('npx', ['size-limit']);
});
