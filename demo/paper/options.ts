import { parseArgs } from 'node:util';

export interface Options {
  readonly help: boolean;
  readonly quick: boolean;
  /** The folder that the page and its plots are written to. */
  readonly out: string;
  readonly processes: number;
  /** Whether it goes on with an interrupted run. */
  readonly resume: boolean;
  /** Whether the weights that the page comes with are written too. */
  readonly weights: boolean;
}

/** What was typed cannot be carried out; the message says why in a sentence. */
export class UsageError extends Error {}

export const HELP = `Usage: npm run paper [-- options]

Repeats experiments of the paper "Spatial Pyramid Pooling in Deep Convolutional Networks for Visual Recognition" (He, Zhang,
Ren, Sun 2014) on handwritten digits of all sizes, and writes docs/paper.md with its plots: our tables beside the paper's.
Takes up to 15 minutes on two cores.

  --quick        far less training, in about half a minute: for tests of the program, the figures mean nothing
  --out FOLDER   write to this folder (default docs, and with --quick target/paper)
  --processes N  processes that train at the same time, 1 to 16 (default 2)
  --resume       go on with a run that was interrupted: what it finished is taken from there
  --weights      also write the weights of the detectors that come with the page, to demo/detect
  --help         this text`;

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
  const { help = false, resume = false, weights = false } = values;
  return { help, quick, out, processes, resume, weights };
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
        weights: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message} See --help.`);
  }
}
