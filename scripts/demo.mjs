// Sets up first, so nothing here may come from node_modules.

import { cli } from './cli.mjs';
import { writeSiteReference } from './docs.mjs';
import { installedProgram } from './programs.mjs';
import { setup } from './setup.mjs';
import { show, step } from './step.mjs';

const help = `
Usage: npm run demo [-- VITE-ARGUMENTS]
       npm run build:demo
       npm run demo -- preview

Sets up what is missing, builds the package and its API reference, and serves the demo, with the headers that threads need. Arguments go to
Vite: \`npm run demo -- --port 8080 --open\`. build:demo writes it to dist-demo, for any host of static files; preview
serves what was built.`;

/** Serves the demo, or whatever else Vite is told to do with it. */
export async function demo(args = []) {
  await setup();
  const { build } = await import('./build.mjs');
  await build();
  // A preview serves what was built, its reference too.
  if (args[0] !== 'preview') await step('API reference written', () => writeSiteReference());
  const [node, vite] = installedProgram('vite');
  await show(node, [vite, ...args]);
}

await cli(import.meta, help, demo);
