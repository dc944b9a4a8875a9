// Which Rust builds what.
//
// The threads variant needs a standard library built with atomics, and none is shipped that way; so every
// variant builds its own (-Z build-std), which also makes the binaries smaller. A stable compiler does that
// when RUSTC_BOOTSTRAP=1 tells it to, and when the library's sources lie beside it. Native work (tests,
// lints) needs none of that.

import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import * as debian from './debian.mjs';
import { foldersOn, isProgram, prependToPath, programFile, programsOn } from './path.mjs';
import { fail, run, succeeds } from './step.mjs';

// The first stable release that knows -Cpanic=immediate-abort.
const oldest = [1, 92];
// What rustc finds beside itself, where it comes with a linker.
const ownLinker = 'rust-lld';
// The first linker that reads the object files of such a compiler.
const oldestLinker = 19;

const debianToolchain = ['rustc-web', 'cargo-web', 'rust-web-src', 'lld-19'];
const debianLinters = ['rust-web-clippy', 'rustfmt-web'];

/**
 * @typedef {object} Toolchain
 * @property {string} bin the folder that holds it
 * @property {string} cargo
 * @property {string} rustc
 * @property {string} version what the compiler says of itself
 * @property {string} [sources] the folder of the standard library's sources
 * @property {string} [linker] a linker for WASM
 */

/** The first toolchain that can build the WASM variants, if there is one. */
export async function findToolchain(path = process.env.PATH) {
  return (await toolchains(path)).find(buildsWasm);
}

/** As findToolchain, but installs what is missing, or says how to. */
export async function provideToolchain() {
  return (await findToolchain()) ?? (await installToolchain()) ?? fail(howToInstall);
}

/** The first toolchain that is new enough for native work. */
export async function provideNative() {
  return (await toolchains())[0] ?? provideToolchain();
}

/** A toolchain that has clippy and rustfmt, and for `wasm` builds WASM too; what is missing is installed. */
export async function provideLinter({ wasm = false } = {}) {
  if (wasm) await provideToolchain();
  const find = async () => {
    for (const toolchain of await toolchains())
      if ((!wasm || buildsWasm(toolchain)) && (await lints(toolchain))) return toolchain;
  };
  return (await find()) ?? ((await installLinters()) ? await find() : undefined) ?? fail(howToInstallLinters);
}

/** The environment in which the toolchain's cargo does native work. */
export function nativeEnv({ bin, cargo, rustc }, env = process.env) {
  return { ...env, PATH: prependToPath(bin, env.PATH), CARGO: cargo, RUSTC: rustc };
}

/** The environment in which the toolchain's cargo builds for WASM, its standard library included. */
export function wasmEnv(toolchain, env = process.env) {
  return {
    ...nativeEnv(toolchain, env),
    RUSTC_BOOTSTRAP: '1',
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: toolchain.linker,
  };
}

/** Arguments of a cargo that builds for WASM. The features left out of the standard library serve panics that say something. */
export const bareWasmTarget = [
  ...['--target', 'wasm32-unknown-unknown'],
  ...['-Z', 'build-std=std,panic_abort', '-Z', 'build-std-features='],
];

/** Likewise, with the allocator of the modules. */
export const wasmTarget = [...bareWasmTarget, '--features', 'allocator'];

const buildsWasm = ({ sources, linker }) => Boolean(sources && linker);

/** Every toolchain on the path, and Debian's, that is new enough. */
async function toolchains(path = process.env.PATH) {
  const everywhere = [path, '/usr/bin'].join(delimiter);
  const whole = foldersOn(everywhere).filter((bin) =>
    ['cargo', 'rustc'].every((name) => isProgram(join(bin, programFile(name)))),
  );
  const found = await Promise.all(whole.map((bin) => inspect(bin, everywhere)));
  return found.filter(Boolean);
}

async function inspect(bin, path) {
  const [cargo, rustc] = ['cargo', 'rustc'].map((name) => join(bin, programFile(name)));
  const [version, sysroot] = await Promise.all([ask(rustc, ['-vV']), ask(rustc, ['--print', 'sysroot'])]);
  if (!version || !isNewEnough(version)) return;
  const rustlib = join(sysroot.trim(), 'lib', 'rustlib');
  const sources = join(rustlib, 'src', 'rust');
  const host = version.match(/^host: (.+)$/m)[1];
  return {
    bin,
    cargo,
    rustc,
    version,
    sources: existsSync(join(sources, 'library', 'core')) ? sources : undefined,
    linker: existsSync(join(rustlib, host, 'bin', programFile(ownLinker))) ? ownLinker : await linkerOn(path),
  };
}

function isNewEnough(version) {
  const [major, minor] = version
    .match(/^release: (\d+)\.(\d+)/m)
    .slice(1)
    .map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/**
 * The newest wasm-ld on the path: Debian's compilers come without a linker of their own, and its plain
 * `wasm-ld` may be old.
 */
async function linkerOn(path) {
  const names = new Set(
    foldersOn(path)
      .flatMap(list)
      .map((name) => name.replace(/\.exe$/, ''))
      .filter((name) => /^wasm-ld(-\d+)?$/.test(name)),
  );
  const files = programsOn(path, [...names]);
  const linkers = await Promise.all(
    files.map(async (file) => ({ file, version: await linkerVersion(file) })),
  );
  return linkers.filter(({ version }) => version >= oldestLinker).sort((a, b) => b.version - a.version)[0]
    ?.file;
}

const linkerVersion = async (file) => Number((await ask(file, ['--version']))?.match(/LLD (\d+)/)?.[1]);

async function installToolchain() {
  if (await debian.offers('rustc-web')) return installDebianToolchain();
  if (await succeeds('rustup', ['--version'])) await run('rustup', ['component', 'add', 'rust-src']);
  return findToolchain();
}

async function installDebianToolchain() {
  const names = [...debianToolchain, ...debianLinters];
  await debian.install(names);
  const toolchain = await findToolchain();
  if (toolchain) return toolchain;
  // Package lists from before the last update offer a compiler that is too old.
  await debian.update();
  await debian.install(names);
  return findToolchain();
}

async function installLinters() {
  if (await debian.offers('rust-web-clippy')) await debian.install([...debianToolchain, ...debianLinters]);
  else if (await succeeds('rustup', ['--version']))
    await run('rustup', ['component', 'add', 'clippy', 'rustfmt']);
  else return false;
  return true;
}

// Asked, not looked up: rustup leaves a cargo-clippy even where the component is missing.
async function lints(toolchain) {
  const env = nativeEnv(toolchain);
  const answers = await Promise.all(
    ['clippy', 'fmt'].map((tool) => succeeds(toolchain.cargo, [tool, '--version'], { env })),
  );
  return answers.every(Boolean);
}

const howToInstall = `\
No Rust on this machine can build WebAssembly with its standard library. Any one of these provides it:
  Debian, as root:  apt-get install ${debianToolchain.join(' ')}
  with rustup:      rustup update stable && rustup component add rust-src
  without either:   install rustup from https://rustup.rs, then run the line above`;

const howToInstallLinters = `\
No Rust on this machine has both clippy and rustfmt. Either of these provides them:
  Debian, as root:  apt-get install ${debianLinters.join(' ')}
  with rustup:      rustup component add clippy rustfmt`;

const ask = (cmd, args) => run(cmd, args).catch(() => undefined);

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
