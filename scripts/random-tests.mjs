import { fail, run } from './step.mjs';

/** The number after a flag. */
export function numberAfter(args, flag, standard) {
  const at = args.indexOf(flag);
  if (at < 0) return standard;
  const number = Number(args[at + 1]);
  if (!(number >= 0)) fail(`${flag} needs a number.`);
  return number;
}

/** Runs test files in Node with a seed, for minutes or a number of calls. Gives what they report, line by line. */
export async function runRandomTests(files, { seed, minutes = 0, calls }) {
  const env = { ...process.env, FUZZ_SEED: String(seed), FUZZ_MINUTES: String(minutes) };
  if (calls !== undefined) env.SOAK_CALLS = String(calls);
  const output = await run('npx', ['vitest', 'run', '--project', 'node', ...files], { env });
  const lines = output.match(/(?<=figures )\{.*\}/g) ?? [];
  for (const line of lines) console.log(line);
  return lines.map((line) => JSON.parse(line));
}
