/** The options of a run, from the command line. */
import { readFileSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { RunRequest } from '../commands/plan-run.js';
import { messageOf, UsageError } from '../core/errors.js';
import type { ImageSettings, Pooling } from '../core/settings.js';
import { mapExtensions } from '../maps/index.js';
import { type Inputs, imageExtensions, listInputs } from '../plan/inputs.js';
import { readChannels, readColour, readCount, readLevels, readOneOf } from './values.js';

/** What commander read. */
export interface RunFlags {
  model?: string;
  out: string;
  levels?: string;
  at?: string;
  reduction?: string;
  rmac?: string | true;
  column?: string;
  longestSide?: string;
  maxPixels?: string;
  preset?: string;
  mean?: string;
  std?: string;
  order?: string;
  layout?: string;
  background?: string;
  engine?: string;
  partSize?: string;
  filesFrom?: string;
  root?: string;
}

/** Mean and deviation of values from 0 to 1, for red, green and blue. */
const presets = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  unit: { mean: [0], std: [1] },
} as const;

/** R-MAC's scales, as the paper has them. */
const USUAL_SCALES = 3;

/** Lists the inputs, and reads the options of a run. */
export async function readRun(
  patterns: readonly string[],
  flags: RunFlags,
): Promise<RunRequest & Pick<Inputs, 'leftOut'>> {
  const isImages = flags.model !== undefined;
  const settings = {
    images: isImages ? readImages(flags) : refuseImageFlags(flags),
    pooling: readPooling(flags),
    at: flags.at,
    column: isImages ? refuse(flags, 'column', 'feature maps, without --model') : flags.column,
    partSize: flags.partSize === undefined ? undefined : readCount('--part-size', flags.partSize),
  };
  const engine =
    flags.engine === undefined ? undefined : readOneOf('--engine', flags.engine, ['node', 'web']);
  const model = flags.model === undefined ? undefined : checkModel(flags.model);
  const inputs = await listInputs(
    patternsOf(patterns, flags),
    isImages ? imageExtensions : mapExtensions,
    flags.root,
  );
  if (!isImages) checkMaps(inputs);
  return { ...inputs, out: resolve(flags.out), model, engine, settings };
}

function readImages(flags: RunFlags): ImageSettings {
  const preset = presets[readOneOf('--preset', flags.preset ?? 'imagenet', ['imagenet', 'unit'])];
  return {
    longestSide: flags.longestSide === undefined ? undefined : readCount('--longest-side', flags.longestSide),
    maxPixels: flags.maxPixels === undefined ? undefined : readCount('--max-pixels', flags.maxPixels),
    mean: flags.mean === undefined ? preset.mean : readChannels('--mean', flags.mean),
    std: flags.std === undefined ? preset.std : readChannels('--std', flags.std),
    order: readOneOf('--order', flags.order ?? 'RGB', ['RGB', 'BGR']),
    layout: readOneOf('--layout', flags.layout ?? 'NCHW', ['NCHW', 'NHWC']),
    background: readColour('--background', flags.background ?? 'white'),
  };
}

function readPooling({ model, levels, rmac, reduction }: RunFlags): Pooling {
  if (levels !== undefined && rmac !== undefined)
    throw new UsageError('--levels and --rmac exclude each other');
  if (reduction !== undefined && levels === undefined) throw new UsageError('--reduction needs --levels');
  if (levels !== undefined) {
    return {
      kind: 'pyramid',
      levels: readLevels('--levels', levels),
      reduction: readOneOf('--reduction', reduction ?? 'max', ['max', 'average']),
    };
  }
  if (rmac !== undefined) {
    const scales = rmac === true ? USUAL_SCALES : readCount('--rmac', rmac);
    if (scales > 100)
      throw new UsageError(`--rmac is '${rmac}', but must be a number of scales from 1 to 100`);
    return { kind: 'rmac', scales };
  }
  if (model !== undefined) return { kind: 'model' };
  throw new UsageError(
    'nothing says how vectors are made: --model FILE for images; --levels 4,2,1 or --rmac for feature maps',
  );
}

const imageFlags = [
  ...(['longestSide', 'maxPixels', 'preset', 'mean', 'std', 'order', 'layout', 'background'] as const),
  ...(['at', 'engine'] as const),
];

function refuseImageFlags(flags: RunFlags): undefined {
  for (const flag of imageFlags) refuse(flags, flag, 'images: it needs --model');
  return undefined;
}

/** Fails where an option was given that would do nothing. */
function refuse(flags: RunFlags, flag: keyof RunFlags, what: string): undefined {
  if (flags[flag] === undefined) return undefined;
  throw new UsageError(`--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is for ${what}`);
}

function checkModel(file: string): string {
  const path = resolve(file);
  try {
    if (statSync(path).isFile()) return path;
  } catch (error) {
    throw new UsageError(`--model ${file} could not be read: ${messageOf(error)}`);
  }
  throw new UsageError(`--model ${file} is no file`);
}

function checkMaps({ files }: Inputs): void {
  const image = files.find(({ path }) => !mapExtensions.includes(extname(path).toLowerCase()));
  if (!image) return;
  throw new UsageError(
    `${image.path} is no file of feature maps (${mapExtensions.join(' ')}): images need --model FILE`,
  );
}

function patternsOf(patterns: readonly string[], { filesFrom }: RunFlags): readonly string[] {
  if (filesFrom === undefined) {
    if (patterns.length > 0) return patterns;
    throw new UsageError('no inputs were given: name files, folders or patterns, or --files-from FILE');
  }
  if (patterns.length > 0)
    throw new UsageError('--files-from and inputs on the command line exclude each other');
  try {
    const text = readFileSync(filesFrom === '-' ? 0 : filesFrom, 'utf8');
    return text.split(/\r?\n/).filter((line) => line !== '');
  } catch (error) {
    throw new UsageError(`--files-from ${filesFrom} could not be read: ${messageOf(error)}`);
  }
}
