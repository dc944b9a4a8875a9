import { cli } from './cli.mjs';
import { installedProgram } from './programs.mjs';
import { inProject } from './project.mjs';
import { run, show } from './step.mjs';
import { nativeEnv, provideNative } from './toolchain.mjs';

const help = `
Usage: npm run docs [-- --check] [-- --out FOLDER]
       npm run docs:crate

Makes the API reference of the package from its doc comments into target/api, or FOLDER; with --check only holds them to what
typedoc.json demands: everything that is exported is described, and every link leads somewhere. docs:crate (--crate) makes the crate's by cargo doc into
target/doc. --check and docs:crate fail on a warning.`;

/** Writes the API reference into a folder. What is missing in it is for --check to find. */
export async function writeReference(out = inProject('target', 'api')) {
  await typedoc(['--out', out, '--treatValidationWarningsAsErrors', 'false']);
}

/** Writes it where Vite finds it: what lies in that folder becomes a part of the demo's site. */
export const writeSiteReference = () => writeReference(inProject('target', 'site', 'api'));

async function typedoc(args) {
  const [node, script] = installedProgram('typedoc');
  await run(node, [script, '--logLevel', 'Warn', ...args]);
}

async function writeCrateReference() {
  const toolchain = await provideNative();
  const env = { ...nativeEnv(toolchain), RUSTDOCFLAGS: '-D warnings' };
  await show(toolchain.cargo, ['doc', '--workspace', '--no-deps', '--locked'], { env });
}

await cli(import.meta, help, (args) => {
  if (args.includes('--crate')) return writeCrateReference();
  if (args.includes('--check')) return typedoc(['--emit', 'none']);
  const at = args.indexOf('--out');
  return writeReference(at < 0 ? undefined : args[at + 1]);
});
