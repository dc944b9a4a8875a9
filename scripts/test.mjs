// Sets up first, so nothing here may come from node_modules.

import { cli } from './cli.mjs';
import { setup } from './setup.mjs';
import { show, step } from './step.mjs';
import { nativeEnv, provideNative } from './toolchain.mjs';

const help = `
Usage: npm test [-- VITEST-ARGUMENTS]

Sets up what is missing, builds the package, then runs the crate's tests and the package's, in Node and in every
browser that is there. Arguments go to vitest: \`npm test -- backward\` runs the test files whose names hold "backward".`;

/** Runs every test. */
export async function test(args = []) {
  await setup({ browsers: true });
  const { build } = await import('./build.mjs');
  await build();
  await step('testing the crate', testCrate);
  await step('testing the package', () => testPackage(args));
}

async function testCrate() {
  const toolchain = await provideNative();
  await show(toolchain.cargo, ['test', '--workspace', '--locked'], { env: nativeEnv(toolchain) });
  return 'crate tested';
}

async function testPackage(args) {
  await show('npx', ['vitest', 'run', ...args]);
  return 'package tested';
}

await cli(import.meta, help, test);
