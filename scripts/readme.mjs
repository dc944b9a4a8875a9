import { readFileSync, writeFileSync } from 'node:fs';
import { cli } from './cli.mjs';
import { inProject } from './project.mjs';
import { readResults } from './results.mjs';
import { measureSizes } from './sizes.mjs';
import { fail } from './step.mjs';

const help = `
Usage: npm run readme [-- --check]

Writes the table of sizes in README.md from the build, and the table of what was tested where in docs/hosts.md from the results
of the last \`npm test\`; with --check fails where they state another size, or more than was tested. Rows of a runtime that was
not there stay.`;

/** The documents that hold the tables. */
const sizesIn = inProject('README.md');
const runtimesIn = inProject('docs', 'hosts.md');

const runtimes = [
  ...['Node 20', 'Node 22', 'Node 24', 'Deno 2', 'Bun 1'],
  ...['Chromium', 'Firefox', 'WebKitGTK'].flatMap((browser) => [browser, `${browser} without isolation`]),
  'workerd',
];
const variants = ['simd-threads', 'simd', 'scalar'];

/** Writes or checks the generated tables. */
async function readme(args) {
  const sizes = await measureSizes();
  const change = args.includes('--check') ? check : write;
  change(sizesIn, 'sizes', (rows) => sizeTable(rows, sizes));
  const results = readResults();
  if (args.includes('--check')) checkClaims(results);
  else write(runtimesIn, 'runtimes', (rows) => runtimeTable(rows, results));
}

function write(file, name, make) {
  writeFileSync(file, replaceTable(file, name, make));
}

/** Fails where a table is not what it would be made now. */
function check(file, name, make) {
  const [before, after] = [readFileSync(file, 'utf8'), replaceTable(file, name, make)];
  if (after !== before)
    fail(`The table of ${name} in ${file} is not that of the build:\n${difference(before, after)}`);
}

/** Fails where the table of runtimes says that something was tested which was not. */
function checkClaims(results) {
  const { rows } = findTable(runtimesIn, 'runtimes');
  const claims = rows.flatMap((row) => unfounded(row, results));
  if (claims.length > 0) fail(`${runtimesIn} says more than was tested:\n  ${claims.join('\n  ')}`);
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

/** The table between the marks of this name: its rows, and the text of the document before and after it. */
function findTable(file, name) {
  const marks = new RegExp(`^(.*<!-- ${name}: npm run readme -->\n\n)(.*?)(\n<!-- end -->.*)$`, 's');
  const [, before, table, after] = readFileSync(file, 'utf8').match(marks) ?? [];
  if (table === undefined) fail(`${file} has no marks for the table of ${name}.`);
  return { before, rows: rowsOf(table), after };
}

/** The text of a document in which `make` has made the table of this name anew from its rows. */
function replaceTable(file, name, make) {
  const { before, rows, after } = findTable(file, name);
  return before + format(make(rows)) + after;
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
