import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeMachine } from '../machine.js';
import type { Parts } from './parts.js';
import { multiplyAdds } from './workload.js';

/** What one round measured, in images a second but for the parts. */
export interface Round {
  readonly parts: Parts;
  /** The network alone, on two threads. */
  readonly network: number;
  /** The tool with one thread, with two, and by a queue with a worker of two threads. */
  readonly one: number;
  readonly two: number;
  readonly queue: number | undefined;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

const percent = (ratio: number) => `${(100 * ratio).toFixed(1)} %`;

/** Ratios are of one round each; of them the median is told. */
function linesOf(rounds: readonly Round[]): string[] {
  const part = (name: keyof Parts) => median(rounds.map(({ parts }) => parts[name]));
  const ratio = (of: (round: Round) => number) => median(rounds.map(of));
  const queued = rounds.every(({ queue }) => queue !== undefined);
  return [
    ...(['decode', 'network', 'pooling', 'write'] as const).map(
      (name) => `| ${name} | ${part(name).toFixed(2)} ms of a processor an image | |`,
    ),
    `| beyond the network, of a processor | ${percent(ratio(({ parts: { whole, network } }) => whole / network - 1))} | at most 10 % |`,
    `| beyond the network alone, two threads, by the clock | ${percent(ratio(({ network, two }) => network / two - 1))} | at most 10 % |`,
    `| two threads against one | ${ratio(({ one, two }) => two / one).toFixed(2)} | at least 1.7 |`,
    ...(queued
      ? [
          `| the queue beside local threads | ${percent(ratio(({ two, queue }) => two / queue! - 1))} | at most 3 % |`,
        ]
      : []),
    `| images a second, two threads | ${ratio(({ two }) => two).toFixed(1)} | |`,
  ];
}

const head = ['| what | measured | goal |', '| --- | --- | --- |'];

export function printReport(rounds: readonly Round[]): void {
  for (const round of rounds) console.log(JSON.stringify(round));
  console.log([...head, ...linesOf(rounds)].join('\n'));
}

const page = fileURLToPath(new URL('../../../docs/extract.md', import.meta.url));
const marks = /(<!-- measured: npm run bench:extract -- --write -->\n\n).*?(\n<!-- end -->)/s;

/** Puts the figures into the page of the tool. */
export function writeReport(rounds: readonly Round[]): void {
  const { date, processor, threads, runtime } = describeMachine();
  const where = `${date}, ${processor}, ${threads} threads, ${runtime}; medians of ${rounds.length} rounds. JPEG files of 384 x 288 pixels; a model of four convolutions, ${(multiplyAdds() / 1e6).toFixed(0)} million multiply-adds an image, by onnxruntime-web.`;
  const text = readFileSync(page, 'utf8');
  const block = [where, '', ...head, ...linesOf(rounds), ''].join('\n');
  writeFileSync(
    page,
    text.replace(marks, (_, before, after) => `${before}${block}${after}`),
  );
}
