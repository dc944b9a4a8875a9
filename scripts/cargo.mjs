import { cli } from './cli.mjs';
import { show } from './step.mjs';
import { nativeEnv, provideLinter, wasmTarget } from './toolchain.mjs';
import { variantEnv } from './variant-env.mjs';

const help = `
Usage: node scripts/cargo.mjs [--wasm VARIANT] CARGO-ARGUMENTS

Runs cargo with a Rust that has clippy and rustfmt, installing them where they are missing; with --wasm for
the WebAssembly target, with the flags of that variant.`;

/** Runs cargo natively. */
async function native(args) {
  const toolchain = await provideLinter();
  await show(toolchain.cargo, args, { env: nativeEnv(toolchain) });
}

/** Runs cargo as for building a variant. */
async function forVariant(name, [command, ...args]) {
  const toolchain = await provideLinter({ wasm: true });
  await show(toolchain.cargo, [command, ...wasmTarget, ...args], { env: variantEnv(name, toolchain) });
}

await cli(import.meta, help, (args) =>
  args[0] === '--wasm' ? forVariant(args[1], args.slice(2)) : native(args),
);
