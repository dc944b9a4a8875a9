import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cli } from './cli.mjs';
import { withFirst } from './path.mjs';
import { inProject, root } from './project.mjs';
import { fail, nothing, run, step } from './step.mjs';
import { provideToolchain, wasmTarget } from './toolchain.mjs';
import { toolPath, tools, toolsBin } from './tools.mjs';
import { variantEnv, variantFolder } from './variant-env.mjs';
import { initialPages, variants } from './variants.mjs';
import { describeModule, runBinaryen } from './wasm-module.mjs';

const help = `
Usage: node scripts/build-wasm.mjs [--variant NAME]...

Builds the WASM variants (${Object.keys(variants).join(', ')}), or the named ones, into target/pkg/<variant>.
A variant that nothing has changed for is left as it is.`;

const glue = 'pyramid_pool.js';
const wasm = 'pyramid_pool_bg.wasm';
const products = [glue, wasm, 'pyramid_pool.d.ts', 'pyramid_pool_bg.wasm.d.ts'];
const stampName = 'stamp';
// What shapes a module beside its source and its row.
const recipe = ['build-wasm.mjs', 'variants.mjs', 'variant-env.mjs', 'toolchain.mjs'].map((name) =>
  inProject('scripts', name),
);

/** Builds the named variants, all unless told, into target/pkg/<variant>. */
export async function buildWasm(names = Object.keys(variants)) {
  const unknown = names.find((name) => !Object.hasOwn(variants, name));
  if (unknown) fail(`There is no variant ${unknown}: the variants are ${Object.keys(variants).join(', ')}.`);
  const toolchain = await provideToolchain();
  // At the same time, as most of each is one long compilation of the standard library on one core.
  await Promise.all(names.map((name) => step(`building wasm ${name}`, () => buildVariant(name, toolchain))));
}

async function buildVariant(name, toolchain) {
  const place = inProject('target', 'pkg', name);
  const stamp = stampOf(name, toolchain);
  if (stampIn(place) === stamp) return nothing(`wasm ${name} unchanged: ${sizes(join(place, wasm))}`);
  // First, so that a build that is cut short is not taken for a whole one.
  rmSync(place, { recursive: true, force: true });
  const made = await compile(name, toolchain);
  await optimize(join(made, wasm), variants[name]);
  await check(name, made);
  mkdirSync(place, { recursive: true });
  for (const product of products) copyFileSync(join(made, product), join(place, product));
  writeFileSync(join(place, stampName), stamp);
  return `wasm ${name} built: ${sizes(join(place, wasm))}`;
}

/** Compiles a variant and makes its glue; the answer is the folder that holds both. */
async function compile(name, toolchain) {
  const made = join(variantFolder(name), 'pkg');
  const env = variantEnv(name, toolchain);
  // Forced: the standard library is built here, so wasm-pack need not look for an installed target.
  const how = ['--mode', 'force', '--target', 'web', '--release', '--no-pack', '--no-opt', '--out-dir', made];
  await run(toolPath('wasm-pack'), ['build', inProject('crate'), ...how, '--', '--locked', ...wasmTarget], {
    env: { ...env, PATH: withFirst(toolsBin, env.PATH) },
  });
  return made;
}

async function optimize(file, { wasmOpt }) {
  await runBinaryen('wasm-opt', [...wasmOpt, file, '-o', file]);
}

/** Fails when a module is not what its row says. */
async function check(name, folder) {
  const { simd, threads } = variants[name];
  const file = join(folder, wasm);
  const module = await describeModule(file);
  const { memory } = module;
  const demands = [
    [WebAssembly.validate(readFileSync(file)), 'is not valid WASM'],
    [module.simd || !simd, 'holds no SIMD instruction'],
    [!module.simd || simd, 'holds SIMD instructions, which it must do without'],
    [memory.shared || !threads, 'has a memory that is not shared'],
    [memory.imported || !threads, 'makes its own memory, so that threads cannot share one'],
    [!memory.shared || threads, 'has a shared memory, which needs cross-origin isolation'],
    [!memory.imported || threads, 'needs a memory passed in'],
    [
      memory.pages <= initialPages,
      `starts with ${memory.pages} pages of memory, more than the ${initialPages} it may`,
    ],
    [
      !readFileSync(join(folder, glue), 'utf8').includes('import.meta'),
      'has glue that looks for a file beside itself',
    ],
  ];
  const faults = demands.filter(([holds]) => !holds).map(([, fault]) => fault);
  if (faults.length > 0) fail(`The variant ${name} came out wrong: it ${faults.join('; it ')}.`);
}

/** A hash of all that a variant is made from. */
function stampOf(name, toolchain) {
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify([name, toolchain.version, tools.map(({ version }) => version()), binaryenVersion()]),
  );
  for (const file of [
    inProject('Cargo.toml'),
    inProject('Cargo.lock'),
    ...filesUnder(inProject('crate')),
    ...recipe,
  ]) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

const binaryenVersion = () =>
  JSON.parse(readFileSync(inProject('node_modules', 'binaryen', 'package.json'), 'utf8')).version;

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function stampIn(place) {
  const whole = [...products, stampName].every((name) => existsSync(join(place, name)));
  return whole ? readFileSync(join(place, stampName), 'utf8') : undefined;
}

function sizes(file) {
  const bytes = readFileSync(file);
  const kilobytes = (length) => `${(length / 1000).toFixed(1)} kB`;
  return `${kilobytes(bytes.length)}, ${kilobytes(gzipSync(bytes, { level: 9 }).length)} gzipped`;
}

await cli(import.meta, help, (args) => {
  const named = args.flatMap((arg, at) => (args[at - 1] === '--variant' ? [arg] : []));
  return buildWasm(named.length > 0 ? named : undefined);
});
