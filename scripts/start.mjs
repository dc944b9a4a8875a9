// Sets up first, so nothing here may come from node_modules.

import { cli } from './cli.mjs';
import { setup } from './setup.mjs';
import { show } from './step.mjs';

const help = `
Usage: npm start [-- DEMO-ARGUMENTS]

Sets up what is missing, builds the package, trains a small network on handwritten digits of all sizes, and prints what it recognises.

  --epochs N   how often training goes through all its digits, 1 to 100
  --seed N     another split, other first weights, another order: any whole number from 0
  --save FILE  writes the trained network to a file, as demo/edge reads it`;

/** Trains the network of the main demo in the terminal. */
export async function start(args = []) {
  await setup();
  const { build } = await import('./build.mjs');
  await build();
  await show(process.execPath, ['--import', 'tsx', 'demo/terminal/start.ts', ...args]);
}

await cli(import.meta, help, start);
