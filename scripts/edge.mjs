import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inProject } from './project.mjs';

const outdir = inProject('target', 'edge');

/**
 * Bundles the example worker as wrangler would, into target/edge.
 *
 * @returns {Promise<string>} the folder
 */
export async function bundleEdge() {
  // Names change with their content.
  rmSync(outdir, { recursive: true, force: true });
  const { build } = await import('esbuild');
  await build({
    entryPoints: { main: inProject('demo', 'edge', 'worker.ts') },
    outdir,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
    logLevel: 'warning',
  });
  return outdir;
}

/**
 * Starts a bundle, `main.js` and what lies beside it, in Cloudflare's workerd.
 *
 * @param {string} folder
 * @param {import('miniflare').WorkerOptions} [options]
 */
export async function startWorkerd(folder, options = {}) {
  const { Miniflare } = await import('miniflare');
  const modules = readdirSync(folder)
    // The first one is the worker itself.
    .sort((a, b) => (b === 'main.js') - (a === 'main.js'))
    .map((name) => ({
      type: name.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
      path: join(folder, name),
    }));
  return new Miniflare({ modulesRoot: folder, modules, compatibilityDate: '2026-04-01', ...options });
}
