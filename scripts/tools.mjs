import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, lockedVersion } from './project.mjs';
import { nothing, run } from './step.mjs';
import { nativeEnv, provideNative } from './toolchain.mjs';

const folder = inProject('.tools');

/**
 * The programs that turn the crate into a JavaScript module, installed into .tools. `locked`: whether to
 * build with the dependencies that the tool was released with. wasm-bindgen's lock file names a crate that
 * was withdrawn since.
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

export const toolsBin = join(folder, 'bin');
export const toolPath = (program) => join(toolsBin, program);

/** Installs a tool unless it is there in the right version. */
export async function provideTool({ crate, program, version, locked }) {
  const wanted = version();
  if ((await installedVersion(program)) === wanted) return nothing(`${crate} ${wanted} already there`);
  const toolchain = await provideNative();
  // A folder of its own, as cargo would make the two tools wait for one another; and gone afterwards, as it
  // is large.
  const target = inProject('target', 'tools', crate);
  const args = [
    'install',
    crate,
    '--version',
    `=${wanted}`,
    '--root',
    folder,
    '--force',
    ...(locked ? ['--locked'] : []),
  ];
  await run(toolchain.cargo, args, {
    env: { ...nativeEnv(toolchain), ...quickBuild, CARGO_TARGET_DIR: target },
  });
  rmSync(target, { recursive: true, force: true });
  return `${crate} ${wanted} installed`;
}

// The tools run for a second each and are compiled for minutes.
const quickBuild = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '1',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_DEBUG: '0',
};

async function installedVersion(program) {
  const text = await run(toolPath(program), ['--version']).catch(() => '');
  return text.match(/\d+\.\d+\.\d+/)?.[0];
}
