import { writeFile } from 'node:fs/promises';
import { createPyramidPool, createRuntime, type Runtime } from 'pyramid-pool';
import { loadDigits, tfjsWasmFolder } from '../data/node-assets.js';
import { createPlainPool } from '../plain-js/index.js';
import { countDigits } from '../train/digits.js';
import {
  accuracyOf,
  DEFAULT_EPOCHS,
  type ExperimentResult,
  HELD_OUT,
  REQUIRED_ACCURACY,
  runExperiment,
} from '../train/experiment.js';
import { modelFile } from '../train/model-file.js';
import { LEVELS } from '../train/network.js';
import { startTfjs } from '../train/tfjs.js';
import { tryWithoutSpp } from '../train/without-spp.js';
import { poolClassicMaps } from './classic-figures.js';
import { MeasuredPool } from './measured-pool.js';
import { HELP, type Options, parseOptions, UsageError } from './options.js';
import { ProgressDisplay } from './progress.js';
import { percent, plural, report, thousands } from './report.js';
import { makeStyle, type Style } from './style.js';

const terminal = process.stdout.isTTY && !process.env.CI;
const style = makeStyle(terminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb');

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  try {
    const options = parseOptions(words);
    if (options.help) {
      print(HELP);
      return 0;
    }
    return await trainAndReport(options, stop.signal);
  } catch (error) {
    return explain(error, stop.signal);
  }
}

function explain(error: unknown, signal: AbortSignal): number {
  if (error instanceof UsageError) {
    console.error(error.message);
    return 2;
  }
  if (signal.aborted) {
    console.error('Stopped.');
    return 130;
  }
  console.error(error);
  return 1;
}

async function trainAndReport(options: Options, signal: AbortSignal): Promise<number> {
  const runtime = await createRuntime({});
  try {
    print(style.bold('pyramid-pool: a network that learns from images of every size'));
    print(style.dim(`convolutions -> spatial pyramid pooling [${LEVELS.join(', ')}] -> fully connected`));
    print('');
    const experiment = await measuredExperiment(options, runtime, signal);
    if (options.save !== undefined) await save(experiment, options.save);
    return verdict(experiment, style);
  } finally {
    runtime.dispose();
  }
}

async function measuredExperiment(
  { epochs, seed }: Options,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<ExperimentResult> {
  const fast = await createPyramidPool({ levels: LEVELS, layout: 'NHWC', runtime });
  const pool = new MeasuredPool(fast, createPlainPool({ levels: LEVELS, layout: 'NHWC' }));
  const progress = new ProgressDisplay(process.stdout, terminal, style);
  try {
    const [raw] = await Promise.all([loadDigits(), startTfjs(tfjsWasmFolder())]);
    const count = countDigits(raw);
    print(
      `Training on ${thousands(count - HELD_OUT)} handwritten digits, ${plural(epochs, 'epoch')}, seed ${seed}`,
    );
    const onProgress = progress.update.bind(progress);
    const onTest = progress.test.bind(progress);
    const experiment = await runExperiment({ raw, pool, epochs, seed, onProgress, onTest, signal });
    progress.leave();
    const refusal = tryWithoutSpp(experiment.network, [20, 20], [28, 15]);
    const figures = await poolClassicMaps(runtime);
    for (const line of report({ experiment, pool, runtime, refusal, figures }, style)) print(line);
    return experiment;
  } finally {
    progress.leave();
    fast.dispose();
  }
}

async function save({ network }: ExperimentResult, file: string): Promise<void> {
  const bytes = modelFile(network);
  await writeFile(file, bytes);
  print(
    `The network is in ${file}: ${thousands(bytes.length)} bytes. \`npm run demo:edge\` serves the one in demo/edge.`,
  );
}

function verdict({ ordinary, unseen }: ExperimentResult, { good, bad, bold }: Style): number {
  const worst = Math.min(accuracyOf(unseen), accuracyOf([ordinary]));
  const required = `${100 * REQUIRED_ACCURACY} %`;
  print('');
  if (worst <= REQUIRED_ACCURACY) {
    console.error(bad(`Only ${percent(worst)} recognised, where it must be more than ${required}.`));
    console.error(`More epochs help: --epochs ${DEFAULT_EPOCHS} is the default.`);
    return 1;
  }
  print(good(`More than ${required} recognised, at sizes seen and unseen.`));
  print(`In the browser: ${bold('npm run demo')}`);
  print(`The paper's experiments, in up to 15 minutes: ${bold('npm run paper')}`);
  return 0;
}

function print(line: string): void {
  console.log(line);
}
