import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inProject } from './project.mjs';
import { run } from './step.mjs';
import { bareWasmTarget, provideToolchain } from './toolchain.mjs';
import { variantEnv, variantFolder } from './variant-env.mjs';
import { variants } from './variants.mjs';
import { runBinaryen } from './wasm-module.mjs';

/** The module that unpacks the others where they were downloaded. */
export const unpackModule = inProject('target', 'pkg', 'unpack.wasm');

/** Builds it beside the variant `scalar`, whose standard library serves both. */
export async function buildUnpack() {
  const toolchain = await provideToolchain();
  const args = ['build', '--package', 'pyramid-pool-unpack', '--release', '--locked', ...bareWasmTarget];
  await run(toolchain.cargo, args, { cwd: inProject(), env: variantEnv('scalar', toolchain) });
  const made = join(variantFolder('scalar'), 'wasm32-unknown-unknown', 'release', 'unpack.wasm');
  mkdirSync(dirname(unpackModule), { recursive: true });
  await runBinaryen('wasm-opt', [...variants.scalar.wasmOpt, made, '-o', unpackModule]);
}
