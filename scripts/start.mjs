// Sets up first, so nothing here may come from node_modules.

import { cli } from './cli.mjs';
import { setup } from './setup.mjs';
import { show } from './step.mjs';

const help = `
Usage: npm start [-- DEMO-ARGUMENTS]

Sets up what is missing, builds the package and starts the demo. Arguments go to the demo.`;

/** Starts the demo. */
export async function start(args = []) {
  await setup();
  const { build } = await import('./build.mjs');
  await build();
  await show(process.execPath, ['--import', 'tsx', 'demo/terminal/start.ts', ...args]);
}

await cli(import.meta, help, start);
