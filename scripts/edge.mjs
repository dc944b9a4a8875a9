import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inProject } from './project.mjs';

/** How the worker is bundled for each host that it runs on. */
const hosts = {
  workerd: { entry: 'worker.ts', conditions: ['workerd', 'worker', 'browser'], platform: 'neutral' },
  deno: { entry: 'worker.ts', conditions: ['node'], platform: 'node' },
  node: { entry: 'node.ts', conditions: ['node'], platform: 'node' },
};

export const edgeHosts = Object.keys(hosts);

/**
 * Bundles the example worker as wrangler would, into target/edge/<host>.
 *
 * @returns {Promise<string>} the folder, with `main.js` in it
 */
export async function bundleEdge(host = 'workerd') {
  const { entry, conditions, platform } = hosts[host];
  const outdir = inProject('target', 'edge', host);
  // Names change with their content.
  rmSync(outdir, { recursive: true, force: true });
  const { build } = await import('esbuild');
  await build({
    entryPoints: { main: inProject('demo', 'edge', entry) },
    outdir,
    bundle: true,
    format: 'esm',
    // Only the variant that runs is loaded. In workerd the worker is one file.
    splitting: host !== 'workerd',
    target: 'es2022',
    minify: true,
    platform,
    mainFields: ['module', 'main'],
    conditions,
    loader: { '.wasm': 'copy', '.bin': 'binary', '.html': 'text' },
    logLevel: 'warning',
  });
  // So that Node takes the files for modules wherever the folder is copied.
  if (host !== 'workerd') writeFileSync(join(outdir, 'package.json'), '{ "type": "module" }\n');
  return outdir;
}

/**
 * How a bundle is served on a port by Node or by Deno: the arguments of the program, and its environment.
 *
 * @param {'node' | 'deno'} host
 * @param {string} folder
 * @param {number} port
 */
export function serveCommand(host, folder, port) {
  const main = join(folder, 'main.js');
  if (host === 'node') return { args: [main], env: { PORT: `${port}` } };
  return { args: ['serve', '--no-remote', '--allow-read', `--port=${port}`, main], env: {} };
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
