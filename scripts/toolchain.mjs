// Which Rust builds what.
//
// The threads variant needs a standard library built with atomics, and none is shipped that way; so every variant builds its own
// (-Z build-std), which also makes the binaries smaller. A stable compiler does that when RUSTC_BOOTSTRAP=1 tells it to, and when the
// library's sources lie beside it. Native work (tests, lints) needs none of that.

import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import * as debian from './debian.mjs';
import { Failure, run, works } from './step.mjs';

// The first stable release that knows -Cpanic=immediate-abort.
const oldest = [1, 92];
// The first linker that reads the object files of such a compiler.
const oldestLinker = 19;

const debianToolchain = ['rustc-web', 'cargo-web', 'rust-web-src', 'lld-19'];
const debianLinters = ['rust-web-clippy', 'rustfmt-web'];

/** @typedef {{ bin: string, cargo: string, rustc: string, version: string, sources?: string, linker?: string }} Toolchain */

/** The first toolchain that can build the WASM variants, if there is one: `{ bin, cargo, rustc, version, sources, linker }`. */
export async function findToolchain(path = process.env.PATH) {
  for (const toolchain of await toolchains(path)) if (toolchain.sources && toolchain.linker) return toolchain;
}

/** As findToolchain, but installs what is missing, or says how to. */
export async function provideToolchain() {
  return (await findToolchain()) ?? (await installToolchain()) ?? fail(howToInstall);
}

/** The environment in which the toolchain's cargo builds for WASM, its standard library included. */
export function wasmEnv({ bin, cargo, rustc, linker }, env = process.env) {
  return {
    ...env,
    PATH: [bin, env.PATH].join(delimiter),
    CARGO: cargo,
    RUSTC: rustc,
    RUSTC_BOOTSTRAP: '1',
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker,
  };
}

/** The toolchain for native work: the first that is new enough. `{ cargo, env }` */
export async function nativeCargo() {
  const [toolchain = await provideToolchain()] = await toolchains(process.env.PATH);
  return nativeUse(toolchain);
}

/** As nativeCargo, but one that has clippy and rustfmt; they are installed where none has. */
export async function lintingCargo() {
  const find = async () => {
    for (const toolchain of await toolchains(process.env.PATH)) if (await canLint(toolchain)) return nativeUse(toolchain);
  };
  return (await find()) ?? ((await installLinters()) ? await find() : undefined) ?? fail(howToInstallLinters);
}

function nativeUse({ bin, cargo, rustc }) {
  return { cargo, env: { ...process.env, PATH: [bin, process.env.PATH].join(delimiter), CARGO: cargo, RUSTC: rustc } };
}

/** Every folder on the path, and Debian's, that holds a Rust which is new enough. */
async function toolchains(path) {
  const folders = new Set([...path.split(delimiter), '/usr/bin']);
  const bins = [...folders].filter((folder) => isProgram(folder, 'cargo') && isProgram(folder, 'rustc'));
  const found = await Promise.all(bins.map((bin) => inspect(bin, path)));
  return found.filter(Boolean);
}

async function inspect(bin, path) {
  const [cargo, rustc] = [join(bin, 'cargo'), join(bin, 'rustc')];
  const [version, sysroot] = await Promise.all([ask(rustc, ['-vV']), ask(rustc, ['--print', 'sysroot'])]);
  if (!version || !isNewEnough(version)) return;
  const rustlib = join(sysroot.trim(), 'lib', 'rustlib');
  const host = version.match(/^host: (.+)$/m)[1];
  return {
    bin,
    cargo,
    rustc,
    version,
    sources: existing(join(rustlib, 'src', 'rust', 'library', 'core')) && join(rustlib, 'src', 'rust'),
    linker: existing(join(rustlib, host, 'bin', 'rust-lld')) ?? (await linkerOn(path)),
  };
}

function isNewEnough(version) {
  const [major, minor] = version.match(/^release: (\d+)\.(\d+)/m).slice(1).map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** The newest wasm-ld on the path: Debian's compilers come without a linker of their own, and its plain `wasm-ld` may be old. */
async function linkerOn(path) {
  const files = path.split(delimiter).flatMap((folder) => wasmLinkers(folder).map((name) => join(folder, name)));
  const linkers = await Promise.all(files.map(async (file) => ({ file, version: await linkerVersion(file) })));
  return linkers.filter(({ version }) => version >= oldestLinker).sort((a, b) => b.version - a.version)[0]?.file;
}

const wasmLinkers = (folder) => list(folder).filter((name) => /^wasm-ld(-\d+)?$/.test(name));
const linkerVersion = async (file) => Number((await ask(file, ['--version']))?.match(/LLD (\d+)/)?.[1]);

async function installToolchain() {
  if (await debian.offers('rustc-web')) await debian.install([...debianToolchain, ...debianLinters]);
  else if (await works('rustup', ['--version'])) await run('rustup', ['component', 'add', 'rust-src']);
  return findToolchain();
}

async function installLinters() {
  if (await debian.offers('rust-web-clippy')) await debian.install([...debianToolchain, ...debianLinters]);
  else if (await works('rustup', ['--version'])) await run('rustup', ['component', 'add', 'clippy', 'rustfmt']);
  else return false;
  return true;
}

// Asked, not looked up: rustup leaves a cargo-clippy even where the component is missing.
async function canLint(toolchain) {
  const { cargo, env } = nativeUse(toolchain);
  const answers = await Promise.all(['clippy', 'fmt'].map((tool) => works(cargo, [tool, '--version'], { env })));
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

function fail(sentence) {
  throw new Failure(sentence);
}

const ask = (cmd, args) => run(cmd, args).catch(() => undefined);
const existing = (file) => (existsSync(file) ? file : undefined);

function isProgram(folder, name) {
  try {
    accessSync(join(folder, name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
