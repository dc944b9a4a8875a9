// Sets up first, so nothing here may come from node_modules.

import { cli } from './cli.mjs';
import { setup } from './setup.mjs';
import { show } from './step.mjs';

const help = `
Usage: npm run paper [-- PAPER-ARGUMENTS]

Sets up what is missing, builds the package, and repeats experiments of the paper on handwritten digits: writes docs/paper.md and its
plots, in up to 15 minutes on two cores.

  --quick        far less training, in about half a minute: for tests of the program, the figures mean nothing
  --out FOLDER   write to this folder (default docs, and with --quick target/paper)
  --processes N  processes that train at the same time, 1 to 16 (default 2)
  --resume       go on with a run that was interrupted: what it finished is taken from there
  --weights      also write the weights of the detectors that come with the page, to demo/detect
  --help         this text`;

/** Repeats the paper's experiments. */
export async function paper(args = []) {
  await setup();
  const { build } = await import('./build.mjs');
  await build();
  await show(process.execPath, ['--import', 'tsx', 'demo/paper/main.ts', ...args]);
}

await cli(import.meta, help, paper);
