#!/usr/bin/env node
/** The command `pyramid-pool`, for Node: tells what is in an ONNX file, and writes it so that any runtime runs it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf, PyramidPoolError } from '../core/errors.js';
import { describeModel } from './describe.js';
import { makePortable, type PortableOptions } from './portable.js';

const help = `\
Usage: pyramid-pool onnx MODEL.onnx [OPTIONS]
       pyramid-pool python > pyramid_pool_onnx.py

\`onnx\` prints the inputs, outputs and adaptive pools of an ONNX model. \`python\` prints the Python file that exports PyTorch models.

Options:
  -o, --output FILE   write the model so that any ONNX runtime runs it: with the bodies of its pools
  --inline            put the bodies in the place of the operators, for runtimes that know no functions
  --pyramid LEVELS    put a pyramid on a value, such as 4,2,1 or 4x2,1: the model then gives 'vector'
  --at NAME           the value that the pyramid pools; by default the model's output
  --reduction NAME    what the pyramid makes of a bin: max (default) or average
  --output-order NAME order of 'vector': levels (default), or channels, the bins of all levels for each channel
  --values            list all values that a pyramid can be put on
  -h, --help          print this`;

const options = {
  output: { type: 'string', short: 'o' },
  inline: { type: 'boolean' },
  pyramid: { type: 'string' },
  at: { type: 'string' },
  reduction: { type: 'string' },
  'output-order': { type: 'string' },
  values: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

class Misuse extends Error {}

try {
  run(process.argv.slice(2));
} catch (error) {
  const isExpected = error instanceof PyramidPoolError || error instanceof Misuse;
  console.error(isExpected ? `pyramid-pool: ${error.message}` : error);
  process.exitCode = 1;
}

function run(args: string[]): void {
  const { values, positionals } = parse(args);
  if (values.help) {
    console.log(help);
    return;
  }
  const [command, file, ...more] = positionals;
  if (command === 'python' && file === undefined) {
    process.stdout.write(readFileSync(new URL('../pyramid_pool_onnx.py', import.meta.url)));
    return;
  }
  if (command !== 'onnx')
    misuse(command === undefined ? 'no command was given' : `there is no command '${command}'`);
  if (file === undefined || more.length > 0) misuse('one ONNX file is needed');
  if (values.inline && values.output === undefined) misuse('--inline needs --output');
  const order = values['output-order'];
  if (values.pyramid === undefined && (values.at ?? values.reduction ?? order) !== undefined)
    misuse('--at, --reduction and --output-order need --pyramid');
  const bytes = onFile(file, () => readFileSync(file));
  const pyramid =
    values.pyramid === undefined ? undefined : readPyramid(values.pyramid, { ...values, order });
  console.log(describeModel(bytes, { pyramid, lists: values.values ?? false }));
  const { output } = values;
  if (output === undefined) return;
  const written = makePortable(bytes, { inline: values.inline ?? false, pyramid });
  onFile(output, () => writeFileSync(output, written));
  console.log(`Written to ${output}: ${written.length} bytes.`);
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    misuse(messageOf(error));
  }
}

function misuse(what: string): never {
  throw new Misuse(`${what}; see pyramid-pool --help`);
}

function onFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Misuse(`${file}: ${messageOf(error)}`);
  }
}

/** Levels as people write them: `4,2,1`, or `4x2` for 4 rows and 2 columns. */
function readPyramid(
  text: string,
  { at, reduction, order }: { at?: string; reduction?: string; order: string | undefined },
): PortableOptions['pyramid'] {
  const levels = text.split(',').map((level) => {
    const numbers = level.split('x').map(Number);
    return numbers.length === 1 ? numbers[0]! : (numbers as [number, number]);
  });
  return {
    levels,
    ...(at === undefined ? {} : { at }),
    ...(reduction === undefined ? {} : { reduction: reduction as 'max' }),
    ...(order === undefined ? {} : { outputOrder: order as 'levels' }),
  };
}
