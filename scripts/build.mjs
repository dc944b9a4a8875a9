import { buildTs } from './build-ts.mjs';
import { buildWasm } from './build-wasm.mjs';
import { cli } from './cli.mjs';

const help = `
Usage: node scripts/build.mjs

Builds the package into dist/. Needs what scripts/setup.mjs sets up.`;

/** Builds all of the package. */
export async function build() {
  await buildWasm();
  await buildTs();
}

await cli(import.meta, help, build);
