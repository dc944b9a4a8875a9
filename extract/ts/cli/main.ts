import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { Command, CommanderError } from 'commander';
import { extract } from '../commands/extract.js';
import { planRun } from '../commands/plan-run.js';
import { count } from '../commands/plural.js';
import { verify } from '../commands/verify.js';
import { ExtractError, exitCodes, UsageError } from '../core/errors.js';
import { ownVersion } from '../core/versions.js';
import { beginFresh } from '../parts/manifest.js';
import { readSlice, type Slice } from '../plan/slice.js';
import { memoryForImages } from '../threads/memory.js';
import { type RunFlags, readRun } from './run-options.js';
import { readAddress, readBytes, readCount } from './values.js';

interface MachineFlags {
  workers?: string;
  memory?: string;
}

interface ExtractFlags extends RunFlags, MachineFlags {
  shard?: string;
  fresh?: boolean;
  allowFailures?: boolean;
  queue?: string;
  name?: string;
}

interface WorkFlags extends MachineFlags {
  queue: string;
  lock: string;
}

interface VerifyFlags extends MachineFlags {
  sample: string;
  seed: string;
  root?: string;
  model?: string;
}

const footer = `
Examples:
  pyramid-pool-extract photos/ --model model.onnx --out vectors/
  pyramid-pool-extract 'photos/**/*.jpg' --model backbone.onnx --levels 4,2,1 --out vectors/
  pyramid-pool-extract maps/*.parquet --levels 4,2,1 --out vectors/
  pyramid-pool-extract photos/ --model model.onnx --out vectors/ --shard 3/64
  pyramid-pool-extract photos/ --model model.onnx --out vectors/ --queue redis://host:6379 --name run7
  pyramid-pool-extract work --queue redis://host:6379
  pyramid-pool-extract verify vectors/ --sample 500

Exit codes: 0 done, 1 an error, 2 a wrong command line, 3 done but some inputs could not be read (see failed.jsonl),
130 and 143 ended by Ctrl-C and SIGTERM: the same command goes on.`;

const program: Command = new Command('pyramid-pool-extract')
  .description(
    'Makes a vector of each image, whatever its size, by a model and spatial pyramid pooling: Parquet files of id, width, height, vector.',
  )
  .version(ownVersion)
  .enablePositionalOptions()
  .addHelpText(
    'after',
    () => `\nOptions of extract, the command where none is named:\n${optionsOf(extractCommand)}\n${footer}`,
  )
  .configureOutput({
    writeErr: (text) => process.stderr.write(text.replace(/^error: /, 'pyramid-pool-extract: ')),
  })
  .exitOverride();

const addMachineOptions = (command: Command) =>
  command
    .option('--workers <n>', 'threads, one a core by default')
    .option('--memory <amount>', 'memory to use at most, such as 8GB; by default half of what there is');

const extractCommand = program
  .command('extract', { isDefault: true })
  .description('make vectors (the command where none is named)')
  .argument('[inputs...]', 'images: files, folders, patterns; or feature maps: .parquet, .arrow, .npy')
  .requiredOption('-o, --out <folder>', 'folder of the parts that are written')
  .optionsGroup('What makes a vector:')
  .option('-m, --model <file>', 'ONNX model, for images: with a pyramid in it, or any backbone with --levels')
  .option('--levels <list>', 'levels of the pyramid, such as 4,2,1 or 4x2,1')
  .option('--at <name>', 'the value of the model that is pooled, or is the vector; by default its output')
  .option('--reduction <name>', 'what the pyramid makes of a bin: max (default) or average')
  .option(
    '--rmac [scales]',
    'R-MAC in place of a pyramid: maxima of regions of 3 scales, normalised and summed',
  )
  .optionsGroup('How images are read:')
  .option('--longest-side <pixels>', 'scale larger images down to it, aspect kept; by default none is scaled')
  .option('--max-pixels <n>', 'scale images of more pixels down to it, aspect kept')
  .option('--preset <name>', 'imagenet (default): its mean and deviation; unit: values from 0 to 1')
  .option('--mean <list>', 'mean of values from 0 to 1, for red, green, blue')
  .option('--std <list>', 'deviation of values from 0 to 1, for red, green, blue')
  .option('--order <order>', 'order of the channels: RGB (default) or BGR')
  .option('--layout <layout>', "axes of the model's input: NCHW (default) or NHWC")
  .option(
    '--background <colour>',
    'what transparent images are laid on: white (default), black, grey, #rrggbb',
  )
  .optionsGroup('Inputs:')
  .option('--column <name>', 'column of the feature maps in Parquet and Arrow files')
  .option('--files-from <file>', 'read the paths of inputs from a file, one a line; - for standard input')
  .option('--root <folder>', 'folder that ids start from; by default the one that holds all inputs')
  .optionsGroup('How it runs:')
  .option(
    '--engine <name>',
    'node (onnxruntime-node; default where it is installed) or web (onnxruntime-web)',
  )
  .option('--part-size <n>', 'files in a part; by default 16 to 256, by their number')
  .option('--shard <i/n>', 'make a slice alone: 0/64 to 63/64; auto or auto/64 as an array scheduler says')
  .option('--fresh', 'remove the parts of an earlier run, and begin anew')
  .option('--allow-failures', 'end with 0 where some inputs could not be read')
  .option('--queue <address>', 'have the workers of a queue make the parts: redis://host:6379')
  .option('--name <name>', 'what the run is called in the queue; by default as the folder')
  .action(async (inputs: string[], flags: ExtractFlags) => {
    const machine = readMachine(flags);
    const slice = readSliceOf(flags);
    const { leftOut, ...request } = await readRun(inputs, flags);
    const plan = await planRun(request);
    if (flags.fresh) await beginFresh(request.out);
    if (leftOut > 0) console.log(`Left out, by the ends of their names: ${count(leftOut, 'file')}.`);
    const allowFailures = flags.allowFailures ?? false;
    if (flags.queue === undefined) {
      process.exitCode = await extract(plan, { ...machine, slice, allowFailures });
      return;
    }
    const address = readAddress('--queue', flags.queue);
    const name = flags.name ?? basename(request.out);
    // The queue's library takes a while to load: commands without a queue do not wait for it.
    const { enqueue } = await import('../queue/enqueue.js');
    process.exitCode = await enqueue(plan, { address, name, memory: machine.memory, allowFailures });
  });
addMachineOptions(extractCommand);

const workCommand = program
  .command('work')
  .description('make parts for the queue, on every machine; SIGTERM ends it after the parts under way')
  .requiredOption('--queue <address>', 'Redis or Valkey: redis://host:6379')
  .option('--lock <seconds>', 'after how long the part of a worker that died is given to another one', '30')
  .action(async (flags: WorkFlags) => {
    const address = readAddress('--queue', flags.queue);
    const { work } = await import('../queue/work.js');
    process.exitCode = await work({ ...readMachine(flags), address, lock: readCount('--lock', flags.lock) });
  });
addMachineOptions(workCommand);

const verifyCommand = program
  .command('verify')
  .description('look for what is missing or double, compute a sample again and compare bits')
  .argument('<folder>', 'folder of parts')
  .option('--sample <n>', 'vectors that are computed again', '100')
  .option('--seed <n>', 'another seed draws another sample', '1')
  .option('--root <folder>', 'where the inputs are now, if they were moved')
  .option('-m, --model <file>', 'where the model is now, if it was moved')
  .action(async (folder: string, flags: VerifyFlags) => {
    process.exitCode = await verify(folder, {
      ...readMachine(flags),
      sample: readCount('--sample', flags.sample, 0),
      seed: readCount('--seed', flags.seed, 0),
      root: flags.root,
      model: flags.model,
    });
  });
addMachineOptions(verifyCommand);

/** The slice that is asked for. A queue gives out the parts itself. */
function readSliceOf({ shard, queue, name, fresh }: ExtractFlags): Slice | undefined {
  if (queue !== undefined && shard !== undefined)
    throw new UsageError('--shard and --queue exclude each other');
  if (queue === undefined && name !== undefined) throw new UsageError('--name needs --queue');
  const slice = queue === undefined ? readSlice(shard) : undefined;
  if (!fresh || !slice) return slice;
  throw new UsageError(
    '--fresh with a slice would remove what other slices have made: remove the folder first',
  );
}

/** The options of a command, as its help lists them. */
function optionsOf(command: Command): string {
  const help = command.helpInformation();
  return help.slice(help.indexOf('\nOptions:') + '\nOptions:\n'.length);
}

/** Threads, and the bytes that they have for images. */
function readMachine(flags: MachineFlags): { workers: number; memory: number } {
  const workers =
    flags.workers === undefined ? availableParallelism() : readCount('--workers', flags.workers);
  const memory = flags.memory === undefined ? undefined : readBytes('--memory', flags.memory);
  return { workers, memory: memoryForImages(memory, workers) };
}

// Whoever reads what is printed may be gone, as `head` is after some lines: vectors are made nevertheless.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = tell(error);
}

/** Prints what went wrong, and returns the exit code. */
function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof ExtractError) {
    console.error(`pyramid-pool-extract: ${error.message}`);
    return error.exitCode;
  }
  console.error(error);
  return exitCodes.error;
}
