import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeReport } from './report/index.js';
import type { Report } from './report/report.js';

const folder = new URL('record/', import.meta.url);

/** Keeps a report under the date and the runtime, and brings BENCHMARKS.md up to date with it. */
export async function writeRecord(report: Report): Promise<void> {
  const { date, runtime } = report.machine;
  const name = `${date}-${runtime.toLowerCase().replaceAll(' ', '-')}.json`;
  const results = report.results.map((result) => ({ ...result, samples: result.samples.map(rounded) }));
  mkdirSync(folder, { recursive: true });
  const lines = results.map((result) => JSON.stringify(result)).join(',\n');
  const { machine, engines, coldStart } = report;
  const first = { machine, engines, coldStart: coldStart?.map(rounded) };
  const head = JSON.stringify(first, null, 2).slice(0, -2);
  writeFileSync(new URL(name, folder), `${head},\n  "results": [\n${lines}\n]}\n`);
  await writeReport({ ...report, results }, name);
}

/** The record that was written last, by its name, which begins with its date; those of engines and of types begin with a word. */
export function lastRecord(): { name: string; report: Report } {
  const name = readdirSync(folder)
    .filter((file) => /^\d.*\.json$/.test(file))
    .sort()
    .at(-1);
  if (!name) throw new Error('There is no record yet: npm run bench -- --record makes one.');
  return { name, report: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) };
}

const rounded = (value: number): number => Number(value.toPrecision(4));
