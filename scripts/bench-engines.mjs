// Sets up first, so nothing here may come from node_modules.

import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { help } from '../test/bench/engines/help.mjs';
import { cli } from './cli.mjs';
import { runNpm } from './programs.mjs';
import { inProject } from './project.mjs';
import { providePython } from './python.mjs';
import { setup } from './setup.mjs';
import { run, show, skipped, step } from './step.mjs';
import { nativeEnv, provideNative } from './toolchain.mjs';

/** Measures engines of WebAssembly. */
export async function benchEngines(args = []) {
  await setup();
  const { build } = await import('./build.mjs');
  await build();
  const { buildProbes } = await import('./build-bounds.mjs');
  await step('instructions assembled', buildProbes);
  await step('finding engines on npm', provideHosts);
  await step('finding wasmtime', providePython);
  await step('building the host for wasmi', buildRustHost);
  await show(process.execPath, ['--import', 'tsx', 'test/bench/engines/main.ts', ...args]);
}

/** Other hosts of JavaScript, as packages. Those that cannot be had are left out. */
async function provideHosts() {
  const folder = inProject('target', 'engines');
  const [wanted, present] = [inProject('test', 'bench', 'engines', 'package.json'), `${folder}/package.json`];
  const isThere = existsSync(`${folder}/node_modules`) && existsSync(present);
  if (isThere && readFileSync(wanted).equals(readFileSync(present))) return skipped('engines already there');
  mkdirSync(folder, { recursive: true });
  copyFileSync(wanted, present);
  try {
    await runNpm(['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: folder });
  } catch {
    return skipped('engines on npm cannot be had, and are left out');
  }
  return 'engines installed';
}

/** The interpreter wasmi, behind the commands that the benchmark gives. */
async function buildRustHost() {
  try {
    const toolchain = await provideNative();
    const manifest = inProject('demo', 'hosts', 'rust', 'Cargo.toml');
    const env = { ...nativeEnv(toolchain), CARGO_TARGET_DIR: inProject('target', 'hosts') };
    const args = ['build', '--release', '--locked', '--example', 'remote', '--manifest-path', manifest];
    await run(toolchain.cargo, args, { env });
  } catch {
    return skipped('wasmi cannot be had, and is left out');
  }
  return 'wasmi built';
}

await cli(import.meta, help, benchEngines);
