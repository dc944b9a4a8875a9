import { parseArgs } from 'node:util';

export interface Options {
  readonly help: boolean;
  readonly quick: boolean;
  /** The folder that the page and its plots are written to. */
  readonly out: string;
  readonly processes: number;
  /** Whether it goes on with an interrupted run. */
  readonly resume: boolean;
}

/** What was typed cannot be carried out; the message says why in a sentence. */
export class UsageError extends Error {}

export function parseOptions(words: readonly string[], root: string): Options {
  const values = parse(words);
  const processes = Number(values.processes ?? 2);
  if (!Number.isInteger(processes) || processes < 1 || processes > 16) {
    throw new UsageError(
      `--processes must be a whole number from 1 to 16, but it was "${values.processes}".`,
    );
  }
  const quick = values.quick ?? false;
  const out = values.out ?? `${root}${quick ? 'target/paper' : 'docs'}`;
  const { help = false, resume = false } = values;
  return { help, quick, out, processes, resume };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        help: { type: 'boolean', short: 'h' },
        quick: { type: 'boolean' },
        out: { type: 'string' },
        processes: { type: 'string' },
        resume: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message} See --help.`);
  }
}
