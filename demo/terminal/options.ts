import { DEFAULT_EPOCHS } from '../train/experiment.js';

export interface Options {
  readonly help: boolean;
  readonly epochs: number;
  readonly seed: number;
  /** The file that the trained network is written to. */
  readonly save: string | undefined;
}

/** A wrong command line; the message says why. */
export class UsageError extends Error {}

export const HELP = `Usage: npm start -- [options]

Trains a small network on handwritten digits of all sizes, with spatial pyramid pooling by pyramid-pool,
then shows what it recognises at sizes it never saw, and what the pooling cost.

  --epochs N   how often training goes through all its digits, 1 to 100 (default ${DEFAULT_EPOCHS})
  --seed N     another split, other first weights, another order: any whole number from 0 (default 1)
  --save FILE  write the trained network to a file (safetensors), as demo/edge reads it
  --help       this text

Ends with 0 when more than 95 % of the digits are recognised, with 1 when fewer are or something fails,
and with 2 when it did not understand an option.`;

const NUMBERS = {
  '--epochs': { key: 'epochs', least: 1, most: 100 },
  '--seed': { key: 'seed', least: 0, most: 2 ** 32 - 1 },
} as const;

export function parseOptions(words: readonly string[]): Options {
  const options = { help: false, epochs: DEFAULT_EPOCHS, seed: 1, save: undefined as string | undefined };
  for (let i = 0; i < words.length; i++) {
    const [name, joined] = splitAtEquals(words[i]);
    if ((name === '--help' || name === '-h') && joined === undefined) {
      options.help = true;
    } else if (name === '--epochs' || name === '--seed') {
      const value = joined ?? words[++i];
      const { key, least, most } = NUMBERS[name];
      options[key] = wholeNumber(name, value, least, most);
    } else if (name === '--save') {
      options.save = joined ?? words[++i];
      if (!options.save)
        throw new UsageError('--save needs the name of a file after it, for instance --save model.bin.');
    } else {
      throw new UsageError(
        `There is no option ${words[i]}. The options are --epochs N, --seed N, --save FILE and --help.`,
      );
    }
  }
  return options;
}

function splitAtEquals(word: string): [name: string, value: string | undefined] {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function wholeNumber(name: string, text: string | undefined, least: number, most: number): number {
  if (text === undefined) throw new UsageError(`${name} needs a number after it, for instance ${name} 3.`);
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${name} must be a whole number from ${least} to ${most}, but it was "${text}".`);
}
