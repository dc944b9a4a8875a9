import { rmSync } from 'node:fs';
import { bundleEdge } from './edge.mjs';
import { inProject } from './project.mjs';
import { run } from './step.mjs';

const outdir = inProject('target', 'sizes');

/**
 * Bundles the package as an application would, and holds what a visitor downloads against the limits of
 * .size-limit.json.
 *
 * @returns {Promise<{ name: string, size: number }[]>} bytes after gzip, by what is downloaded
 */
export async function measureSizes() {
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
  return JSON.parse(await run('npx', ['size-limit', '--json']));
}
