// Sets up first, so nothing here may come from node_modules.

import { cli } from './cli.mjs';
import { setup } from './setup.mjs';
import { show } from './step.mjs';

const help = `
Usage: npm run demo [-- VITE-ARGUMENTS]

Sets up what is missing, builds the package and serves the demo page, with the headers that threads need.
Arguments go to Vite: \`npm run demo -- --port 8080 --open\`.`;

/** Serves the demo page. */
export async function demo(args = []) {
  await setup();
  const { build } = await import('./build.mjs');
  await build();
  await show('npx', ['vite', ...args]);
}

await cli(import.meta, help, demo);
