import { writeFileSync } from 'node:fs';
import { writeFigures } from './documents.js';
import { goals } from './goals.js';
import { recordFolder, writeBlocks } from './page.js';
import { sweepPlot } from './plot.js';
import type { Report } from './report.js';
import { caseTable, tables } from './tables.js';

/** Writes the marked blocks of BENCHMARKS.md, the figures in other documents, and the plots beside the record. */
export async function writeReport(report: Report, name: string): Promise<void> {
  const plots = await sweepPlot(report);
  for (const [channels, svg] of plots) writeFileSync(new URL(`sweep-${channels}.svg`, recordFolder), svg);
  writeFigures(report);
  writeBlocks({
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
  });
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
