import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { programFile } from './path.mjs';
import { inProject, lockedVersion } from './project.mjs';
import { run, skipped } from './step.mjs';
import { nativeEnv, provideNative } from './toolchain.mjs';

const folder = inProject('.tools');

/**
 * The programs that turn the crate into a JavaScript module, installed into .tools. `locked`: whether to
 * build with the dependencies that the tool was released with; of wasm-bindgen's some cannot be had any more.
 */
export const tools = [
  { crate: 'wasm-pack', program: 'wasm-pack', version: () => '0.15.1', locked: true },
  {
    crate: 'wasm-bindgen-cli',
    program: 'wasm-bindgen',
    version: () => lockedVersion('wasm-bindgen'),
    locked: false,
  },
];

/** What runs the fuzz targets: installed by `npm run fuzz` alone. */
export const fuzzTool = { crate: 'cargo-fuzz', program: 'cargo-fuzz', version: () => '0.13.2', locked: true };

/** What checks licences, duplicates and sources of crates: installed by `npm run deny` alone. */
export const denyTool = { crate: 'cargo-deny', program: 'cargo-deny', version: () => '0.20.2', locked: true };

export const toolsBin = join(folder, 'bin');
export const toolPath = (program) => join(toolsBin, programFile(program));

/** Installs a tool unless it is there in the right version. */
export async function provideTool({ crate, program, version, locked }) {
  const wanted = version();
  if ((await installedVersion(program)) === wanted) return skipped(`${crate} ${wanted} already there`);
  const toolchain = await provideNative();
  // A folder of its own, or cargo would have the two tools wait for one another; large, so gone afterwards.
  const target = inProject('target', 'tools', crate);
  const what = [crate, '--version', `=${wanted}`, '--bin', program, ...(locked ? ['--locked'] : [])];
  const args = ['install', ...what, '--root', folder, '--force'];
  await run(toolchain.cargo, args, {
    env: { ...nativeEnv(toolchain), ...quickBuild, CARGO_TARGET_DIR: target },
  });
  rmSync(target, { recursive: true, force: true });
  return `${crate} ${wanted} installed`;
}

// The tools run for a second each and are compiled for minutes.
const quickBuild = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '0',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_DEBUG: '0',
};

async function installedVersion(program) {
  const text = await run(toolPath(program), ['--version']).catch(() => '');
  return text.match(/\d+\.\d+\.\d+/)?.[0];
}
