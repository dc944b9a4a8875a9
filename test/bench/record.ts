import { mkdirSync, writeFileSync } from 'node:fs';
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

const rounded = (value: number): number => Number(value.toPrecision(4));
