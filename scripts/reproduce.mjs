import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { wasm } from './check-variant.mjs';
import { cli } from './cli.mjs';
import { inProject } from './project.mjs';
import { fail, run, step } from './step.mjs';
import { published } from './variants.mjs';

const help = `
Usage: npm run reproduce [-- --variant NAME]...

Builds the WASM variants, or the named ones, twice from nothing, in folders of different names and depths, and fails unless
both builds give the same bytes. Prints their SHA-256. Takes some minutes. Run \`npm run setup\` first.`;

const places = ['one', join('another', 'with a longer name')];
const sources = ['Cargo.toml', 'Cargo.lock', 'package.json', 'package-lock.json', 'crate', 'scripts'];
/** Programs that build; nothing that was built. */
const tools = ['node_modules', '.tools'];

async function reproduce(args) {
  const named = args.flatMap((arg, at) => (args[at - 1] === '--variant' ? [arg] : []));
  const names = named.length > 0 ? named : published;
  const sums = [];
  for (const place of places) sums.push(await step(`building in ${place}`, () => build(place, names)));
  for (const name of names) {
    const [one, other] = sums.map((sum) => sum[name]);
    if (one !== other) fail(`The variant ${name} came out as ${one} and as ${other}.`);
    console.log(`${one}  ${name}.wasm`);
  }
}

/** The SHA-256 of every variant, built in a copy of the project. */
async function build(place, names) {
  const folder = inProject('target', 'reproduce', place);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of sources) cpSync(inProject(name), join(folder, name), { recursive: true });
  for (const name of tools) symlinkSync(inProject(name), join(folder, name), 'junction');
  await run(process.execPath, ['scripts/build-wasm.mjs', ...names.flatMap((name) => ['--variant', name])], {
    cwd: folder,
  });
  const sums = names.map((name) => [name, sumOf(join(folder, 'target', 'pkg', name, wasm))]);
  rmSync(folder, { recursive: true, force: true });
  return Object.fromEntries(sums);
}

const sumOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

await cli(import.meta, help, reproduce);
