// Sets up first, so nothing here may come from node_modules.

import { cli } from './cli.mjs';
import { setup } from './setup.mjs';

const help = `
Usage: npm run demo:edge [-- PORT]

Sets up what is missing, builds the package and serves the edge worker of demo/edge in Cloudflare's workerd, on
port 8787 unless told.`;

/** Serves the example worker until it is interrupted. */
async function demoEdge([port = '8787']) {
  await setup();
  const { build } = await import('./build.mjs');
  await build();
  const { bundleEdge, startWorkerd } = await import('./edge.mjs');
  const miniflare = await startWorkerd(await bundleEdge(), { port: Number(port) });
  console.log(`The worker listens: curl ${await miniflare.ready}`);
}

await cli(import.meta, help, demoEdge);
