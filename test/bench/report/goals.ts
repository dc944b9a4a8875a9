import { spreadOf } from '../core/index.js';
import { LookUp, markdownTable, short } from './look-up.js';
import type { Report } from './report.js';

/** What this package aims at, as ratios of one run, and what the run gave. */
export function goals(report: Report): string {
  const found = new LookUp(report);
  const { samples, median } = { samples: found.samples.bind(found), median: found.median.bind(found) };
  const ratio = (c: string, operation: string, engine: string, base: string) =>
    samples(c, operation, engine) && found.ratio(c, operation, engine, base)?.median;
  const training = (c: string, engine: string) => {
    const [forward, backward] = [median(c, 'indices', engine), median(c, 'backward', engine)];
    return forward !== undefined && backward !== undefined ? forward + backward : undefined;
  };
  const copied = (c: string) => (median(c, 'arrays', 'bound') ?? 0) + (median(c, 'forward', 'simd') ?? 0);
  const over = (a: number | undefined, b: number | undefined) => (a && b ? a / b : undefined);
  const letters = ['a', 'b', 'c', 'd'];
  const row = (
    what: string,
    wanted: readonly (number | undefined)[],
    most: boolean,
    value: (c: string) => number | undefined,
    names = letters,
  ) => [
    what,
    ...names.map((c, i) => {
      const [got, goal] = [value(c), wanted[i]];
      if (got === undefined || goal === undefined) return '';
      const reached = most ? got <= goal : got >= goal;
      return `${short(got)} (${most ? '≤' : '≥'} ${goal})${reached ? ' ✓' : ''}`;
    }),
  ];
  const main = [
    row('forward, times the bound', [2.5, 1.8, 1.15, 1.4], true, (c) => ratio(c, 'forward', 'simd', 'bound')),
    row('plain JS, times forward', [50, 70, 45, 60], false, (c) => ratio(c, 'forward', 'plain-js', 'simd')),
    row('with indices, times the index sweep', [1.5, 1.2, 0.65, 0.9], true, (c) =>
      ratio(c, 'indices', 'simd', 'bound'),
    ),
    row('plain JS, times indices and backward', [22, 24, 22, 25], false, (c) =>
      over(training(c, 'plain-js'), training(c, 'simd')),
    ),
    row('one thread, times two threads', [undefined, 1.7, 1.7, 1.7], false, (c) =>
      ratio(c, 'forward', 'simd-threads:1', 'simd-threads:2'),
    ),
    row('arrays, times copy and forward', [1, 1, 1, 1], true, (c) =>
      over(median(c, 'arrays', 'simd'), copied(c)),
    ),
    row('NHWC, times NCHW', [1.3, 1.3, 1.3, 1.3], true, (c) => ratio(c, 'forward', 'simd-nhwc', 'simd')),
  ];
  const regions = [
    row('torchvision, times forward', [30], false, (c) => ratio(c, 'forward', 'torch:1', 'simd'), ['f']),
    row('plain JS, times forward', [100], false, (c) => ratio(c, 'forward', 'plain-js', 'simd'), ['f']),
    row('torchvision, times with indices', [15], false, (c) => ratio(c, 'indices', 'torch:1', 'simd'), ['f']),
    row('plain JS, times with indices', [50], false, (c) => ratio(c, 'indices', 'plain-js', 'simd'), ['f']),
  ];
  const align = [
    row('torchvision, times RoIAlign', [3], false, (c) => ratio(c, 'forward', 'torch:1', 'simd'), ['g']),
    row('torchvision, times its gradient', [8], false, (c) => ratio(c, 'backward', 'torch:1', 'simd'), ['g']),
    row('plain JS, times RoIAlign', [20], false, (c) => ratio(c, 'forward', 'plain-js', 'simd'), ['g']),
    row('plain JS, times its gradient', [20], false, (c) => ratio(c, 'backward', 'plain-js', 'simd'), ['g']),
  ];
  const start = report.coldStart && spreadOf(report.coldStart).median;
  const cold =
    start === undefined
      ? ''
      : `\n\nFrom the import to the first result, in a new process: ${short(start)} ms (≤ 15)${start <= 15 ? ' ✓' : ''}.`;
  return `${markdownTable(['', ...letters], main)}\n\n${markdownTable(['', 'f'], regions)}\n\n${markdownTable(['', 'g'], align)}${cold}`;
}
