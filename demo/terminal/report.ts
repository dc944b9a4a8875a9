import type { Runtime } from 'pyramid-pool';
import type { Evaluation } from '../train/evaluate.js';
import { accuracyOf, type ExperimentResult, HELD_OUT, TRAINING_SCALES } from '../train/experiment.js';
import { LEVELS } from '../train/network.js';
import type { TrainingResult } from '../train/train.js';
import type { Refusal } from '../train/without-spp.js';
import type { ClassicFigure } from './classic-figures.js';
import type { MeasuredPool, Times } from './measured-pool.js';
import type { Style } from './style.js';

export interface Findings {
  readonly experiment: ExperimentResult;
  readonly pool: MeasuredPool;
  readonly runtime: Pick<Runtime, 'variant' | 'threads' | 'fallback'>;
  readonly refusal: Refusal;
  readonly figures: readonly ClassicFigure[];
}

/** All results as lines to print. */
export function report(findings: Findings, style: Style): string[] {
  const { experiment, pool, runtime, refusal, figures } = findings;
  return [
    ...section('Sizes', sizeRows(experiment, pool), style),
    ...section('Recognised', accuracyRows(experiment, style), style),
    ...section('Time in spatial pyramid pooling, over the whole training', timeRows(pool), style),
    ...remarks(timeRemarks(pool, experiment.training, runtime), style),
    '',
    style.bold('The same network without the pyramid (flatten -> fully connected)'),
    ...refusalLines(refusal, style),
    ...section(`One length from any map: levels ${LEVELS.join(', ')}`, figures.map(figureRow), style),
  ];
}

type Row = readonly string[];

function section(title: string, rows: readonly Row[], style: Style): string[] {
  return ['', style.bold(title), ...alignColumns(rows)];
}

function remarks(sentences: readonly string[], style: Style): string[] {
  return sentences.map((sentence) => `  ${style.dim(sentence)}`);
}

function sizeRows({ training, ordinary, unseen }: ExperimentResult, pool: MeasuredPool): Row[] {
  const tested = union([ordinary, ...unseen]);
  const lengths = [...pool.vectorLengths];
  return [
    ['images in training', `${range(training.sizes)}`, distinct(training.sizes.size)],
    ['images in the test', `${range(tested)}`, distinct(tested.size)],
    ['feature maps', `${range(pool.mapSizes.keys())}`, distinct(pool.mapSizes.size)],
    [
      'vector for the dense layer',
      lengths.join(' and '),
      lengths.length === 1 ? 'every time' : 'not one length!',
    ],
  ];
}

function accuracyRows({ ordinary, unseen }: ExperimentResult, style: Style): Row[] {
  const all = `${union(unseen).size} sizes, none of them in training`;
  return [
    ['at sizes never seen in training', style.bold(percent(accuracyOf(unseen))), counts(unseen), all],
    ...unseen.map((e) => [`  scaled x ${e.scale}`, percent(accuracyOf([e])), counts([e]), sizesWithout(e)]),
    [
      'at ordinary sizes',
      style.bold(percent(accuracyOf([ordinary]))),
      counts([ordinary]),
      'as they were written',
    ],
    [
      style.dim(
        `The ${thousands(HELD_OUT)} digits of the test were held out: training saw none of them at any size.`,
      ),
    ],
    [style.dim(`Training drew its scales from ${TRAINING_SCALES.join(', ')}.`)],
  ];
}

function sizesWithout({ sizes, leftOut }: Evaluation): string {
  const left = leftOut > 0 ? `; ${leftOut} digits of a size that training had are left out` : '';
  return `${sizes.size} sizes${left}`;
}

function timeRows({ forwardTimes, backwardTimes, calls }: MeasuredPool): Row[] {
  const total = {
    fast: forwardTimes.fast + backwardTimes.fast,
    plain: forwardTimes.plain + backwardTimes.plain,
  };
  return [
    ['', 'pyramid-pool', 'plain JavaScript', ''],
    timeRow('forward', forwardTimes, calls),
    timeRow('backward', backwardTimes, calls),
    timeRow('total', total, calls),
  ];
}

function timeRow(name: string, { fast, plain }: Times, calls: number): Row {
  return [name, duration(fast, calls), duration(plain, calls), comparison(plain / fast)];
}

function duration(milliseconds: number, calls: number): string {
  const each = Math.round((1000 * milliseconds) / calls);
  return `${Math.round(milliseconds)} ms (${each} µs a call)`;
}

function comparison(ratio: number): string {
  return `${ratio.toFixed(1)} times as fast`;
}

function timeRemarks(pool: MeasuredPool, training: TrainingResult, runtime: Findings['runtime']): string[] {
  const spent = pool.forwardTimes.fast + pool.backwardTimes.fast;
  const own = training.seconds * 1000 - pool.overhead;
  const { variant, threads, fallback } = runtime;
  const why = fallback ? ` (${fallback})` : '';
  return [
    `${thousands(pool.calls)} calls each way, by turns on the same feature maps; every answer was the same, bit for bit.`,
    `Training took ${(own / 1000).toFixed(1)} s without the comparison, ${percent(spent / own)} of it in the pooling.`,
    `pyramid-pool ran its ${variant} variant with ${plural(threads, 'thread')}${why}.`,
  ];
}

function refusalLines({ first, second, built, got, message }: Refusal, style: Style): string[] {
  return [
    `  Built for ${first.join('x')} (${thousands(built)} values), shown ${second.join('x')} (${thousands(got)} values), tfjs says:`,
    `  ${style.bad(message)}`,
  ];
}

function figureRow({ height, width, channels, from, length }: ClassicFigure): Row {
  return [`${height} x ${width} x ${channels}`, `-> ${length}`, from];
}

/** The smallest and the largest height and width among sizes. */
function range(names: Iterable<string>): string {
  const sizes = [...names].map((name) => name.split('x').map(Number));
  const heights = sizes.map(([height]) => height);
  const widths = sizes.map(([, width]) => width);
  const span = (values: number[]) => `${Math.min(...values)} to ${Math.max(...values)}`;
  return `${span(heights)} high, ${span(widths)} wide`;
}

function union(evaluations: readonly Evaluation[]): Set<string> {
  return new Set(evaluations.flatMap(({ sizes }) => [...sizes]));
}

function counts(evaluations: readonly Evaluation[]): string {
  const correct = evaluations.reduce((sum, e) => sum + e.correct, 0);
  const images = evaluations.reduce((sum, e) => sum + e.images, 0);
  return `${thousands(correct)} of ${thousands(images)}`;
}

function distinct(count: number): string {
  return `${count} distinct sizes`;
}

export function plural(count: number, noun: string): string {
  return `${thousands(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Rounded down, so that 95 % is never shown for less. */
export function percent(share: number): string {
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

export function thousands(count: number): string {
  return count.toLocaleString('en-US');
}

/** Columns padded to their widest cell; a row of one cell is a sentence and widens nothing. */
function alignColumns(rows: readonly Row[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    if (row.length === 1) continue;
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, shownLength(cell));
    });
  }
  return rows.map((row) => `  ${row.map((cell, i) => pad(cell, widths[i])).join('  ')}`.trimEnd());
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - shownLength(cell)));
}

/** The length on the screen, without the codes of colours. */
function shownLength(cell: string): number {
  let length = 0;
  let inMark = false;
  for (const character of cell) {
    if (character === '\x1b') inMark = true;
    if (!inMark) length++;
    if (inMark && character === 'm') inMark = false;
  }
  return length;
}
