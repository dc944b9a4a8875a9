import { readFileSync, writeFileSync } from 'node:fs';
import { cli } from './cli.mjs';
import { inProject } from './project.mjs';
import { readResults } from './results.mjs';
import { measureSizes } from './sizes.mjs';
import { fail } from './step.mjs';

const help = `
Usage: npm run readme [-- --check]

Writes the README's tables of what was tested where, and of sizes, from the results of the last \`npm test\` and
from the build; with --check fails where the README says more than was tested, or another size. Rows of a runtime that was
not there stay.`;

const file = inProject('README.md');

const runtimes = [
  ...['Node 20', 'Node 22', 'Node 24', 'Deno 2', 'Bun 1'],
  ...['Chromium', 'Firefox', 'WebKitGTK'].flatMap((browser) => [browser, `${browser} without isolation`]),
  'workerd',
];
const variants = ['simd-threads', 'simd', 'scalar'];

/** Writes or checks the generated tables. */
async function readme(args) {
  const before = readFileSync(file, 'utf8');
  const sizes = await measureSizes();
  const withSizes = replaceTable(before, 'sizes', (rows) => sizeTable(rows, sizes));
  if (args.includes('--check')) return check(before, withSizes);
  writeFileSync(
    file,
    replaceTable(withSizes, 'runtimes', (rows) => runtimeTable(rows, readResults())),
  );
}

/** Fails where the README says another size, or that something was tested which was not. */
function check(before, withSizes) {
  if (withSizes !== before)
    fail(`The README's sizes are not those of the build:\n${difference(before, withSizes)}`);
  const results = readResults();
  replaceTable(before, 'runtimes', (rows) => {
    const claims = rows.flatMap((row) => unfounded(row, results));
    if (claims.length > 0) fail(`The README says more than was tested:\n  ${claims.join('\n  ')}`);
    return rows;
  });
}

/** What a row says that the results of its runtime, if there are any, do not. */
function unfounded([runtime, ...cells], results) {
  const own = results.filter((result) => result.runtime === runtime);
  if (own.length === 0) return [];
  const ran = new Set(own.flatMap((result) => result.variants));
  // Longer ones first: they hold shorter ones, and commas.
  const hows = own.map(({ how }) => how).sort((a, b) => b.length - a.length);
  const rest = hows.reduce((text, how) => text.replace(how, ''), cells.at(-1));
  return [
    ...variants.filter((variant, i) => cells[i] === 'yes' && !ran.has(variant)),
    ...rest.split(',').filter((how) => how.trim()),
  ].map((claim) => `${runtime}: ${claim.trim()}`);
}

/** Replaces the table between the marks of this name by what `make` makes of its rows. */
function replaceTable(text, name, make) {
  const marks = new RegExp(`(<!-- ${name}: npm run readme -->\n\n)(.*?)(\n<!-- end -->)`, 's');
  if (!marks.test(text)) fail(`README.md has no marks for the table of ${name}.`);
  return text.replace(marks, (_, start, table, end) => start + format(make(rowsOf(table))) + end);
}

function runtimeTable(before, results) {
  const old = new Map(before.map((row) => [row[0], row]));
  const rows = runtimes.map((runtime) => {
    const own = results.filter((result) => result.runtime === runtime);
    if (own.length === 0) return old.get(runtime) ?? [runtime, ...variants.map(() => ''), 'not yet'];
    const ran = new Set(own.flatMap((result) => result.variants));
    const hows = [...new Set(own.map(({ how }) => how))];
    return [runtime, ...variants.map((variant) => (ran.has(variant) ? 'yes' : '')), hows.join(', ')];
  });
  return [['runtime', ...variants.map((variant) => `\`${variant}\``), 'tested with'], ...rows];
}

/** A compiler of another version makes a somewhat other size: what is right to a kilobyte stays. */
function sizeTable(before, sizes) {
  const old = new Map(before.map((row) => [row[0], row]));
  const rows = sizes.map(({ name, size }) => {
    const stated = old.get(name);
    const kilobytes = Math.round(size / 1000);
    return stated && Math.abs(Number.parseInt(stated[1], 10) - kilobytes) <= 1
      ? stated
      : [name, `${kilobytes} kB`];
  });
  return [['what is downloaded', 'after gzip'], ...rows];
}

/** The cells of a table, without its head. */
function rowsOf(table) {
  const lines = table.trim().split('\n').slice(2);
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function format(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |\n`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [rows[0], rule, ...rows.slice(1)].map(line).join('');
}

function difference(before, after) {
  const known = before.split('\n');
  return after
    .split('\n')
    .filter((line) => !known.includes(line))
    .map((line) => `  it should say: ${line}`)
    .join('\n');
}

await cli(import.meta, help, readme);
