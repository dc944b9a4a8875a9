import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Starts the bundle in a place's `dist` in workerd, hands `work` a function that fetches from it, and ends it. */
export async function runWorkerd(place, work) {
  const { Miniflare } = await place.importTool('miniflare');
  const root = join(place.folder, 'dist');
  const modules = readdirSync(root)
    // The first one is the worker itself.
    .sort((a, b) => (b === 'main.js') - (a === 'main.js'))
    .map((name) => ({
      type: name.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
      path: join(root, name),
    }));
  const miniflare = new Miniflare({ modulesRoot: root, modules, compatibilityDate: '2026-04-01' });
  try {
    return await work((url, options) => miniflare.dispatchFetch(url, options));
  } finally {
    await miniflare.dispose();
  }
}
