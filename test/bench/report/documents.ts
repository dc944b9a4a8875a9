/** Figures of the record that other documents than BENCHMARKS.md state. `npm run bench -- --record` writes them too. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cases } from '../core/case.js';
import { LookUp, short } from './look-up.js';
import type { Report } from './report.js';

const NAMES = ['a', 'b', 'c', 'd'];

/** A figure in a document: where it stands, and what it is by the record. */
export interface Figure {
  readonly document: string;
  /** Matches the figure alone. */
  readonly place: RegExp;
  readonly text: string;
}

/** Nothing where the record does not have all cases and engines that the documents speak of. */
export function figuresOf(report: Report): Figure[] {
  const found = new LookUp(report);
  const ratios = (operation: string, engine: string, base: string, names = NAMES) =>
    names.map((name) => found.ratio(name, operation, engine, base)?.median ?? Number.NaN);
  const range = (values: readonly number[], digits: number) =>
    `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
  const readme = (place: RegExp, text: string) => ({ document: 'README.md', place, text });
  const guide = (place: RegExp, text: string) => ({ document: 'docs/performance.md', place, text });
  const figures = [
    readme(/(?<=Forward takes ).+?(?=\s+times as long)/s, range(ratios('forward', 'simd', 'bound'), 1)),
    readme(
      /(?<=plain JavaScript takes ).+?(?=\s+times as long)/s,
      range(ratios('forward', 'plain-js', 'simd'), 0),
    ),
    ...cases
      .filter(({ name }) => NAMES.includes(name))
      .map(({ name, dims, levels }) => {
        const map = `${dims.join(' x ')}, ${levels.join(', ')}`;
        const times = ['forward', 'arrays'].map(
          (operation) => found.median(name, operation, 'simd') ?? Number.NaN,
        );
        const cells = [...times.map((time) => `${short(time)} µs`), short(times[1]! / times[0]!)];
        return guide(new RegExp(`(?<=^\\| ${map} \\| ).+(?= \\|$)`, 'm'), cells.join(' | '));
      }),
    guide(
      /(?<=maps of about 500,000 cells in a call: ).+?(?= of the time of one)/,
      range(ratios('forward', 'simd-threads:2', 'simd-threads:1', ['b', 'c', 'd']), 2),
    ),
    guide(
      /(?<=with `variant: 'simd-threads'` such calls take ).+?(?= of the time of `simd`)/,
      range(ratios('arrays', 'simd-threads:2', 'simd'), 2),
    ),
    guide(
      /(?<=in memory that is not shared: ).+?(?= of the time of `simd`)/,
      range(ratios('arrays', 'auto', 'simd'), 2),
    ),
    guide(
      /(?<=`'NHWC'` takes ).+?(?= of the time of `'NCHW'`)/,
      range(ratios('forward', 'simd-nhwc', 'simd'), 2),
    ),
  ];
  return figures.some(({ text }) => text.includes('NaN')) ? [] : figures;
}

/** Writes the figures of a record into the documents. */
export function writeFigures(report: Report): void {
  for (const { document, place, text } of figuresOf(report)) {
    const file = new URL(`../../../${document}`, import.meta.url);
    writeFileSync(file, readFileSync(file, 'utf8').replace(place, text));
  }
}
