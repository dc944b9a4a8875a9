// Sets up first, so nothing here may come from node_modules.

import { help } from '../test/bench/help.mjs';
import { cli } from './cli.mjs';
import { setup } from './setup.mjs';
import { show } from './step.mjs';

/** Runs the benchmark. */
export async function bench(args = []) {
  await setup();
  const { build } = await import('./build.mjs');
  await build();
  await show(process.execPath, ['--import', 'tsx', 'test/bench/main.ts', ...args]);
}

await cli(import.meta, help, bench);
