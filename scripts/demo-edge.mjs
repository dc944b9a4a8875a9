// Sets up first, so nothing here may come from node_modules.

import { parseArgs } from 'node:util';
import { cli } from './cli.mjs';
import { setup } from './setup.mjs';
import { fail, show } from './step.mjs';

const help = `
Usage: npm run demo:edge [-- --host workerd|deno|node] [--port N]

Sets up what is missing, builds the package and serves the edge worker of demo/edge until it is interrupted: in Cloudflare's
workerd unless told, on port 8787 unless told. Deno must be on the path.`;

/** Serves the example worker until it is interrupted. */
async function demoEdge(args) {
  const { host, port } = parse(args);
  await setup();
  const { build } = await import('./build.mjs');
  await build();
  const { bundleEdge, edgeHosts, serveCommand, startWorkerd } = await import('./edge.mjs');
  if (!edgeHosts.includes(host)) fail(`There is no host ${host}: the hosts are ${edgeHosts.join(', ')}.`);
  const folder = await bundleEdge(host);
  if (host === 'workerd') {
    const miniflare = await startWorkerd(folder, { port });
    console.log(`The worker listens: curl ${await miniflare.ready}`);
    return;
  }
  const { args: command, env } = serveCommand(host, folder, port);
  await show(host === 'node' ? process.execPath : 'deno', command, { env: { ...process.env, ...env } });
}

function parse(args) {
  const options = {
    host: { type: 'string', default: 'workerd' },
    port: { type: 'string', default: '8787' },
  };
  const { host, port } = parseArgs({ args, options }).values;
  if (!/^\d{1,5}$/.test(port)) fail(`--port must be a number, but it is ${port}.`);
  return { host, port: Number(port) };
}

await cli(import.meta, help, demoEdge);
