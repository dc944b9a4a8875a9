import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { engineVersion } from '../../../extract/ts/model/engine.js';
import { describeMachine } from '../machine.js';
import type { Parts } from './parts.js';
import { engines, type Sizing } from './sizing.js';
import { LEVELS, multiplyAdds, SIZE } from './workload.js';

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

/** The median of the ratios within each round. */
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

/** Puts the figures into the page of the tool. */
export function writeReport(rounds: readonly Round[]): void {
  const about = `medians of ${rounds.length} rounds. ${files}; a model of four convolutions, ${millions(multiplyAdds())} multiply-adds an image, by onnxruntime-web.`;
  writeBlock('npm run bench:extract -- --write', about, [...head, ...linesOf(rounds)]);
}

const files = `JPEG files of ${SIZE.width} x ${SIZE.height} pixels`;

const millions = (count: number) => `${Math.round(count / 1e6).toLocaleString('en')} million`;

/** The sizing table. */
function linesOfSizes(sizes: readonly Sizing[]): string[] {
  const rate = (value: number) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
  const lines = sizes.map(({ name, multiplyAdds, rates }) => [
    name,
    millions(multiplyAdds),
    ...engines.map((engine) => rate(rates[engine]!)),
  ]);
  const names = engines.map((engine) => `images a second a core, onnxruntime-${engine}`);
  const head = ['model', 'multiply-adds an image', ...names];
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
}

export function printSizes(sizes: readonly Sizing[]): void {
  console.log(linesOfSizes(sizes).join('\n'));
}

/** Puts the sizing table into the page of the tool. */
export function writeSizes(sizes: readonly Sizing[]): void {
  const versions = engines.map((engine) => engineVersion(engine)).join(', ');
  const about = `one thread, by the time of its processor; ${versions}. ${files}, levels ${LEVELS.join(', ')}; random weights.`;
  writeBlock('npm run bench:extract -- --models --write', about, linesOfSizes(sizes));
}

const page = fileURLToPath(new URL('../../../docs/extract.md', import.meta.url));

/** Puts a table in place of the one that a command has written. */
function writeBlock(command: string, about: string, table: readonly string[]): void {
  const { date, processor, threads, runtime } = describeMachine();
  const [start, end] = [`<!-- measured: ${command} -->\n\n`, '\n<!-- end -->'];
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(start) + start.length;
  const where = `${date}, ${processor}, ${threads} threads, ${runtime}; ${about}`;
  const block = [where, '', ...table, ''].join('\n');
  writeFileSync(page, text.slice(0, from) + block + text.slice(text.indexOf(end, from)));
}
