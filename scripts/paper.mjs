// Sets up first, so nothing here may come from node_modules.

import { help } from '../demo/paper/help.mjs';
import { cli } from './cli.mjs';
import { setup } from './setup.mjs';
import { show } from './step.mjs';

/** Repeats the paper's experiments. */
export async function paper(args = []) {
  await setup();
  const { build } = await import('./build.mjs');
  await build();
  await show(process.execPath, ['--import', 'tsx', 'demo/paper/main.ts', ...args]);
}

await cli(import.meta, help, paper);
