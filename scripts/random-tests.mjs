import { fail, show } from './step.mjs';

/** The number after a flag. */
export function numberAfter(args, flag, standard) {
  const at = args.indexOf(flag);
  if (at < 0) return standard;
  const number = Number(args[at + 1]);
  if (!(number >= 0)) fail(`${flag} needs a number.`);
  return number;
}

/** Runs test files in Node with a seed, for minutes or a number of calls; their figures go to the terminal. */
export async function runRandomTests(files, { seed, minutes = 0, calls }) {
  const env = { ...process.env, FUZZ_SEED: String(seed), FUZZ_MINUTES: String(minutes) };
  if (calls !== undefined) env.SOAK_CALLS = String(calls);
  const args = ['vitest', 'run', '--project', 'node', ...files];
  await show('npx', args, { env });
}
