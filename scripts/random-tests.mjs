import { installedProgram } from './programs.mjs';
import { fail, run } from './step.mjs';

/** The number after a flag. */
export function numberAfter(args, flag, standard) {
  const at = args.indexOf(flag);
  if (at < 0) return standard;
  const number = Number(args[at + 1]);
  if (!(number >= 0)) fail(`${flag} needs a number.`);
  return number;
}

/**
 * Runs test files in a project of the tests, Node's unless told, with a seed, for minutes or a number of calls. Gives what
 * they report, line by line, each named by where it ran.
 */
export async function runRandomTests(files, { project = 'node', seed, minutes = 0, calls }) {
  const env = { ...process.env, FUZZ_SEED: String(seed), FUZZ_MINUTES: String(minutes) };
  if (calls !== undefined) env.SOAK_CALLS = String(calls);
  const [node, vitest] = installedProgram('vitest');
  const output = await run(node, [vitest, 'run', '--project', project, ...files], { env });
  const figures = (output.match(/(?<=figures )\{.*\}/g) ?? []).map((line) => JSON.parse(line));
  const place = project === 'node' ? `Node ${process.versions.node}` : project;
  const named = figures.map(({ name, ...rest }) => ({ name: `${place}: ${name}`, ...rest }));
  for (const line of named) console.log(JSON.stringify(line));
  return named;
}
