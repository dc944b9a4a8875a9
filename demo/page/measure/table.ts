import { make } from '../ui/dom.js';
import { BOUND, type Report } from './report.js';

/** The result in words and numbers: a row for each engine, a column for each size. */
export function fillTable(table: HTMLTableElement, { sizes, engines }: Report): void {
  const bound = engines.find(({ name }) => name === BOUND);
  const column = (text: string) => make('th', { scope: 'col' }, text);
  const heads = sizes.map((size) => column(`${size} × ${size}`));
  table.tHead?.replaceChildren(make('tr', {}, column('Engine'), ...heads));
  const rows = engines.map(({ name, microseconds }) => {
    const cells = microseconds.map((each, at) => make('td', {}, cell(each, bound?.microseconds[at] ?? null)));
    return make('tr', {}, make('th', { scope: 'row' }, name), ...cells);
  });
  table.tBodies[0].replaceChildren(...rows);
}

function cell(microseconds: number | null, bound: number | null): string {
  if (microseconds === null) return '–';
  const digits = microseconds < 100 ? 1 : 0;
  const times = bound === null || microseconds === bound ? '' : ` (${(microseconds / bound).toFixed(1)})`;
  return `${microseconds.toFixed(digits)}${times}`;
}
