import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { faultsOf, glue, wasm } from './check-variant.mjs';
import { cli } from './cli.mjs';
import { prependToPath } from './path.mjs';
import { inProject } from './project.mjs';
import { stampOf } from './stamp.mjs';
import { fail, run, skipped, step } from './step.mjs';
import { provideToolchain, wasmTarget } from './toolchain.mjs';
import { toolPath, toolsBin } from './tools.mjs';
import { variantEnv, variantFolder } from './variant-env.mjs';
import { variants } from './variants.mjs';
import { binaryen, runBinaryen } from './wasm-module.mjs';

const help = `
Usage: node scripts/build-wasm.mjs [--variant NAME]...

Builds the WASM variants (${Object.keys(variants).join(', ')}), or the named ones, into target/pkg/<variant>.
A variant that nothing has changed for is left as it is.`;

const products = [glue, wasm, 'pyramid_pool.d.ts', 'pyramid_pool_bg.wasm.d.ts'];
const stampName = 'stamp';

/** Builds the named variants, all unless told, into target/pkg/<variant>. */
export async function buildWasm(names = Object.keys(variants)) {
  const unknown = names.find((name) => !Object.hasOwn(variants, name));
  if (unknown) fail(`There is no variant ${unknown}: the variants are ${Object.keys(variants).join(', ')}.`);
  const missing = [toolPath('wasm-pack'), toolPath('wasm-bindgen'), binaryen].find(
    (file) => !existsSync(file),
  );
  if (missing) fail(`${missing} is missing: \`npm run setup\` provides it.`);
  const toolchain = await provideToolchain();
  // At the same time, as most of each is one long compilation of the standard library on one core.
  await Promise.all(names.map((name) => step(`building wasm ${name}`, () => buildVariant(name, toolchain))));
}

async function buildVariant(name, toolchain) {
  const place = inProject('target', 'pkg', name);
  const stamp = stampOf(name, toolchain);
  if (stampIn(place) === stamp) return skipped(`wasm ${name} unchanged: ${sizes(join(place, wasm))}`);
  // Removed first, so that an interrupted build is not taken for a complete one.
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
    env: { ...env, PATH: prependToPath(toolsBin, env.PATH) },
  });
  return made;
}

async function optimize(file, { wasmOpt }) {
  await runBinaryen('wasm-opt', [...wasmOpt, file, '-o', file]);
}

async function check(name, folder) {
  const faults = await faultsOf(name, folder);
  if (faults.length > 0) fail(`The variant ${name} came out wrong: it ${faults.join('; it ')}.`);
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
