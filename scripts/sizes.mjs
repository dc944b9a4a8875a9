import { rmSync } from 'node:fs';
import { cli } from './cli.mjs';
import { bundleEdge } from './edge.mjs';
import { inProject } from './project.mjs';
import { run, show } from './step.mjs';

const help = `
Usage: npm run size

Bundles the built package as an application would, and says what a visitor downloads, and how much that may be.`;

const outdir = inProject('target', 'sizes');

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

async function bundle() {
  rmSync(outdir, { recursive: true, force: true });
  const { build } = await import('esbuild');
  await build({
    entryPoints: [inProject('dist', 'browser', 'index.js')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    // Payloads keep their names.
    chunkNames: '[name]',
    logLevel: 'warning',
  });
  await bundleEdge();
}

await cli(import.meta, help, async () => {
  await bundle();
  await show('npx', ['size-limit']);
});
