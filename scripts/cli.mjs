import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Failure, fail } from './step.mjs';

/**
 * Makes a script runnable: when `meta` is the module that Node was started with, prints `help` for --help, or
 * else runs `main` with the arguments and ends with a sentence, not a stack, where a step failed. Options that `help` does
 * not name are refused, but where it says that arguments go to another program.
 */
export async function cli(meta, help, main) {
  if (!startedAs(meta)) return;
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return console.log(help.trim());
  try {
    refuseUnknown(args, help);
    await main(args);
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    // Not exitCode: a step that ran beside the failed one would be waited for.
    process.exit(1);
  }
}

function refuseUnknown(args, help) {
  if (/[A-Z]-ARGUMENTS/.test(help)) return;
  const named = help.match(/--\w[\w-]*/g) ?? [];
  const unknown = args.find((arg) => arg.startsWith('-') && !named.includes(arg.replace(/=.*/s, '')));
  if (unknown) fail(`There is no option ${unknown}: see --help.`);
}

function startedAs(meta) {
  return Boolean(process.argv[1]) && realpathSync(process.argv[1]) === fileURLToPath(meta.url);
}
