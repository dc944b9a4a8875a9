import { cases, operations, outputLengthOf } from '../core/index.js';
import { LookUp, markdownTable, short } from './look-up.js';
import type { Report } from './report.js';

const titles = {
  forward: 'Forward',
  indices: 'Forward with indices',
  backward: 'Backward',
  arrays: 'Forward from plain arrays to plain arrays',
};

/** For each operation, the time of every engine divided by that of `simd`. */
export function tables(report: Report): string {
  const found = new LookUp(report);
  return operations
    .map((operation) => {
      const columns = cases.filter(({ name }) => found.median(name, operation, 'simd') !== undefined);
      const cell = (c: string, engine: string) => {
        const ratio = found.ratio(c, operation, engine, 'simd');
        if (!ratio) return '';
        return `${short(ratio.median)} (${short(ratio.low)} .. ${short(ratio.high)})`;
      };
      const rows = report.engines
        .map(({ name }) => [`\`${name}\``, ...columns.map((c) => cell(c.name, name))])
        .filter(([, ...cells]) => cells.some(Boolean));
      const own = columns.map((c) => `${short(found.median(c.name, operation, 'simd') ?? Number.NaN)} µs`);
      const head = ['times `simd`', ...columns.map(({ name }) => name)];
      return `### ${titles[operation]}\n\n${markdownTable(head, [...rows, ['`simd` takes', ...own]])}`;
    })
    .join('\n\n');
}

/** The cases in words. */
export function caseTable(): string {
  const rows = cases.map((c) => [
    c.name,
    `${c.dims.join(' x ')}${c.regions ? `, ${c.regions} regions` : ''}`,
    c.levels.join(', '),
    outputLengthOf(c).toLocaleString('en-US'),
    c.why,
  ]);
  return markdownTable(['case', 'map', 'levels', 'values', 'why'], rows);
}
