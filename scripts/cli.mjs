import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Failure } from './step.mjs';

/**
 * Makes a script runnable: when `meta` is the module that Node was started with, prints `help` for --help, or
 * else runs `main` with the arguments and ends with a sentence, not a stack, where a step failed.
 */
export async function cli(meta, help, main) {
  if (!startedAs(meta)) return;
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return console.log(help.trim());
  try {
    await main(args);
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    // Not exitCode: a step that ran beside the failed one would be waited for.
    process.exit(1);
  }
}

function startedAs(meta) {
  return Boolean(process.argv[1]) && realpathSync(process.argv[1]) === fileURLToPath(meta.url);
}
