import { buildBounds } from './build-bounds.mjs';
import { buildExtract } from './build-extract.mjs';
import { buildTs } from './build-ts.mjs';
import { buildUnpack } from './build-unpack.mjs';
import { buildWasm } from './build-wasm.mjs';
import { cli } from './cli.mjs';
import { step } from './step.mjs';

const help = `
Usage: node scripts/build.mjs

Builds the package: the WASM variants into target/pkg, then the TypeScript part into dist; pyramid-pool-extract into
extract/dist; and the bounds of the benchmark into target/bench.
Run scripts/setup.mjs first.`;

/** Builds the whole package. */
export async function build() {
  await buildWasm();
  await step('wasm unpack built', buildUnpack);
  await buildTs();
  await step('pyramid-pool-extract bundled', buildExtract);
  await step('bounds assembled', buildBounds);
}

await cli(import.meta, help, build);
