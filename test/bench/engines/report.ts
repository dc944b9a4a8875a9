import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cases, ratioOf, spreadOf } from '../core/index.js';
import { recordFolder as folder, writeBlocks } from '../report/page.js';
import { drawEngines } from './plot.js';
import type { EnginesReport } from './record.js';

/** Keeps a report, with what the same day's report has of other cases, and brings BENCHMARKS.md up to date. */
export async function writeEngines(report: EnginesReport): Promise<void> {
  const name = `engines-${report.machine.date}.json`;
  const whole = rounded(existsSync(new URL(name, folder)) ? joined(read(name), report) : report);
  const { results, probes, starts, ...head } = whole;
  const lines = (list: readonly object[]) => `[\n${list.map((item) => JSON.stringify(item)).join(',\n')}\n]`;
  const text = `${JSON.stringify(head, null, 2).slice(0, -2)},\n"starts": ${lines(starts)},\n"probes": ${lines(probes)},\n"results": ${lines(results)}}\n`;
  writeFileSync(new URL(name, folder), text);
  writeFileSync(new URL('engines.svg', folder), drawEngines(whole));
  writePage(whole, name);
}

const read = (name: string): EnginesReport => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));

function joined(old: EnginesReport, more: EnginesReport): EnginesReport {
  const measured = new Set(more.results.map((result) => `${result.case} ${result.operation}`));
  const kept = old.results.filter((result) => !measured.has(`${result.case} ${result.operation}`));
  const names = new Set(more.engines.map(({ name }) => name));
  return {
    machine: more.machine,
    engines: [...more.engines, ...old.engines.filter(({ name }) => !names.has(name))],
    starts: more.starts.length > 0 ? more.starts : old.starts,
    probes: more.probes.length > 0 ? more.probes : old.probes,
    results: [...kept, ...more.results].sort((a, b) => a.case.localeCompare(b.case)),
  };
}

function rounded(report: EnginesReport): EnginesReport {
  const short = <T extends { samples: readonly number[] }>(list: readonly T[]): T[] =>
    list.map((item) => ({ ...item, samples: item.samples.map((sample) => Number(sample.toPrecision(4))) }));
  return { ...report, results: short(report.results), probes: short(report.probes) };
}

function writePage(report: EnginesReport, name: string): void {
  writeBlocks({
    engines: enginesText(report, name),
    'engines-tables': `${tables(report)}\n\n![Forward in each engine, times a sweep over the same bytes](test/bench/record/engines.svg)`,
    'engines-starts': startsTable(report),
    'engines-probes': probesTable(report),
  });
}

function enginesText({ machine, engines }: EnginesReport, name: string): string {
  const { date, processor, threads, system } = machine;
  return [
    `Measured on ${date} on ${processor}, ${threads} threads, ${system}. All samples: [${name}](test/bench/record/${name}).`,
    '',
    '| name | engine | version |',
    '| --- | --- | --- |',
    ...engines.map((engine) => `| \`${engine.name}\` | ${engine.engine} | ${engine.version} |`),
  ].join('\n');
}

/** Samples of a piece of work in a report. */
const samplesOf = (
  { results }: EnginesReport,
  c: string,
  operation: string,
  engine: string,
  module: string,
) =>
  results.find((r) => r.case === c && r.operation === operation && r.engine === engine && r.module === module)
    ?.samples;

/** The middle of the ratio between two lists of samples, in words; empty where one is missing. */
function ratio(samples: readonly number[] | undefined, base: readonly number[] | undefined): string {
  if (!samples || !base) return '';
  const { median } = ratioOf(samples, base);
  return median.toFixed(median < 10 ? 2 : 0);
}

/** One table for each question and operation. */
function tables(report: EnginesReport): string {
  const first = report.engines[0]?.name as string;
  const measured = cases
    .map(({ name }) => name)
    .filter((name) => report.results.some((r) => r.case === name));
  const operations = [...new Set(report.results.map(({ operation }) => operation))];
  const titles: Record<string, string> = {
    forward: 'Forward',
    indices: 'Forward with indices',
    backward: 'Backward',
  };
  return operations
    .map((operation) => {
      const at = (c: string, engine: string, module: string) =>
        samplesOf(report, c, operation, engine, module);
      const columns: [string, (c: string, engine: string) => string][] = [
        [`times \`${first}\``, (c, engine) => ratio(at(c, engine, 'simd'), at(c, first, 'simd'))],
        ['times its bound', (c, engine) => ratio(at(c, engine, 'simd'), at(c, engine, 'bound'))],
        ['scalar / simd', (c, engine) => ratio(at(c, engine, 'scalar'), at(c, engine, 'simd'))],
      ];
      const heads = columns.flatMap(([title]) => measured.map((c, i) => (i === 0 ? `${title}: ${c}` : c)));
      const rows = report.engines.map(({ name }) => {
        const cells = columns.flatMap(([, cell]) => measured.map((c) => cell(c, name)));
        return `| \`${name}\` | ${cells.join(' | ')} |`;
      });
      const took = measured.map((c) => {
        const samples = at(c, first, 'simd');
        return samples ? `${c} ${spreadOf(samples).median.toPrecision(3)} µs` : '';
      });
      return [
        `### ${titles[operation]}, in each engine`,
        '',
        `| engine | ${heads.join(' | ')} |`,
        `| --- |${' ---: |'.repeat(heads.length)}`,
        ...rows,
        '',
        `\`${first}\` takes ${took.filter(Boolean).join(', ')}.`,
      ].join('\n');
    })
    .join('\n\n');
}

function startsTable({ starts, engines }: EnginesReport): string {
  const cell = (value: number | undefined, digits = 3) =>
    value === undefined ? '' : value.toPrecision(digits);
  const rows = engines.flatMap(({ name }) =>
    ['simd', 'scalar'].flatMap((module) => {
      const start = starts.find((s) => s.engine === name && s.module === module);
      if (start?.compile === undefined) return [];
      const { compile, instantiate, first, code } = start;
      const bytes = code === undefined ? '' : code.toLocaleString('en');
      return `| \`${name}\` | ${module} | ${cell(compile)} | ${cell(instantiate)} | ${cell(first)} | ${bytes} |`;
    }),
  );
  return [
    '| engine | module | compile, ms | instantiate, ms | first call of case a, ms | machine code, bytes |',
    '| --- | --- | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}

function probesTable({ probes, engines }: EnginesReport): string {
  const names = [...new Set(probes.map(({ probe }) => probe))];
  const measured = engines.filter(({ name }) => probes.some(({ engine }) => engine === name));
  const rows = names.map((name) => {
    const cells = measured.map(({ name: engine }) => {
      const samples = probes.find((p) => p.probe === name && p.engine === engine)?.samples;
      return samples
        ? spreadOf(samples)
            .median.toPrecision(2)
            .replace(/^(\d+)\.?(\d?)e\+(\d)$/, (n) => String(Number(n)))
        : '';
    });
    return `| \`${name}\` | ${cells.join(' | ')} |`;
  });
  return [
    `| instruction, ns | ${measured.map(({ name }) => `\`${name}\``).join(' | ')} |`,
    `| --- |${' ---: |'.repeat(measured.length)}`,
    ...rows,
  ].join('\n');
}
