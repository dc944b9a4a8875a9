import { homedir } from 'node:os';
import { join } from 'node:path';
import { inProject, root } from './project.mjs';
import { wasmEnv } from './toolchain.mjs';
import { commonRustc, variants } from './variants.mjs';

/**
 * The environment in which cargo compiles a variant, or lints it: under the same flags and in the same
 * folder, so that one standard library serves both. Each variant has its own folder, as its flags would
 * otherwise have that library built anew every time.
 */
export function variantEnv(name, toolchain) {
  const flags = [...commonRustc, ...variants[name].rustc, ...withoutPaths(toolchain)];
  return {
    ...wasmEnv(toolchain),
    CARGO_TARGET_DIR: variantFolder(name),
    // Encoded, because paths may hold spaces.
    CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f'),
  };
}

export const variantFolder = (name) => inProject('target', 'wasm', name);

/**
 * Flags that keep this machine's folders out of the binary: the same source gives the same bytes anywhere.
 */
function withoutPaths({ sources }) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const names = { [root]: '/pyramid-pool', [sources]: '/rust', [cargoHome]: '/cargo' };
  return Object.entries(names).map(([folder, name]) => `--remap-path-prefix=${folder}=${name}`);
}
