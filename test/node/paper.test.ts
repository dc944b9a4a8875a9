/** `npm run paper`, with little enough training for a test of the program itself. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { help } from '../../demo/paper/help.mjs';
import { parseOptions } from '../../demo/paper/options.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'pyramid-pool-paper-'));
afterAll(() => rmSync(out, { recursive: true }));

function paper(...words: string[]) {
  const args = ['--import', 'tsx', 'demo/paper/main.ts', ...words];
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
}

test('a quick run writes every table and plot, and says that it means nothing', { timeout: 180_000 }, () => {
  const { status, stdout, stderr } = paper('--quick', '--out', out);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toMatch(/ 21 of 21: times of Fast R-CNN, roi-align/);
  const page = readFileSync(join(out, 'paper.md'), 'utf8');
  expect(page).toContain('Its figures mean nothing');
  for (const heading of ['Table 2', 'Table 3', 'Section 2.3', 'Tables 9 and 10']) {
    expect(page).toContain(`## ${heading}`);
  }
  for (const figure of [
    '35.99',
    '34.98',
    '35.06',
    '34.60',
    '58.5',
    '58.0',
    '59.2',
    '8.96',
    '0.053',
    '0.293',
  ]) {
    expect(page).toContain(figure);
  }
  expect(page).not.toMatch(/NaN|undefined|Infinity/);
  const rows = page
    .split('\n')
    .filter((line) => /^\| (R-CNN|SPP-net|Fast R-CNN)[^|]*\|([^|]+\|){11}$/.test(line));
  expect(rows.length).toBe(5);
  for (const plot of ['paper-sizes.svg', 'paper-detectors.svg']) {
    expect(page).toContain(`(${plot})`);
    const svg = readFileSync(join(out, plot), 'utf8');
    expect(svg).toMatch(/^<svg .*<\/svg>\s*$/s);
    expect(svg).not.toMatch(/NaN|undefined/);
  }
  // What an interrupted run finished is not done again.
  const again = paper('--quick', '--resume', '--out', out);
  expect(again.stdout).toMatch(/21 of 21: .* \(0\.0 s\)/);
});

test('a wrong option is refused with a sentence, and --help explains the others', () => {
  expect(() => parseOptions(['--processes', '0'], root)).toThrow(
    '--processes must be a whole number from 1 to 16, but it was "0".',
  );
  expect(() => parseOptions(['--sizes'], root)).toThrow('See --help.');
  for (const option of ['--quick', '--out', '--processes', '--resume']) {
    expect(help).toContain(option);
  }
  const { out: folder, ...options } = parseOptions(['--quick', '--processes=3', '--resume'], root);
  expect(folder).toMatch(/target.paper$/);
  expect(options).toEqual({ help: false, quick: true, processes: 3, resume: true });
});
