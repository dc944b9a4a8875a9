import { readFileSync, writeFileSync } from 'node:fs';
import { goals } from './goals.js';
import { sweepPlot } from './plot.js';
import type { Report } from './report.js';
import { caseTable, tables } from './tables.js';

const page = new URL('../../../BENCHMARKS.md', import.meta.url);
const picture = (name: string) => new URL(`../record/${name}`, import.meta.url);

/** Writes the marked blocks of BENCHMARKS.md and the plots beside the record. */
export async function writeReport(report: Report, name: string): Promise<void> {
  const plots = await sweepPlot(report);
  for (const [channels, svg] of plots) writeFileSync(picture(`sweep-${channels}.svg`), svg);
  const blocks: Record<string, string> = {
    machine: machineText(report, name),
    cases: caseTable(),
    goals: goals(report),
    tables: tables(report),
    sweep: plots
      .map(
        ([channels]) =>
          `![Throughput against map size, ${channels} channels](test/bench/record/sweep-${channels}.svg)`,
      )
      .join('\n\n'),
  };
  let text = readFileSync(page, 'utf8');
  for (const [block, content] of Object.entries(blocks)) {
    const marked = new RegExp(`(<!-- bench:${block} -->\n)[^]*?(<!-- /bench:${block} -->)`);
    text = text.replace(marked, (_, open, close) => `${open}\n${content}\n\n${close}`);
  }
  writeFileSync(page, text);
}

function machineText({ machine, engines }: Report, name: string): string {
  const { date, runtime, processor, threads, system, versions } = machine;
  const used = Object.entries(versions).map(([what, version]) => `${what} ${version}`);
  return [
    `Measured on ${date} with ${runtime}, ${processor}, ${threads} threads, ${system}; ${used.join('; ')}.`,
    `All samples: [${name}](test/bench/record/${name}).`,
    '',
    ...engines.map(({ name, about }) => `- \`${name}\`: ${about}`),
  ].join('\n');
}
