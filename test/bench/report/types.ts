import { mkdirSync, writeFileSync } from 'node:fs';
import { cases } from '../core/index.js';
import type { Machine } from '../machine.js';
import { narrowTypes, type TypeResult, typeOperations } from '../types.js';
import { markdownTable, short } from './look-up.js';
import { recordFolder, writeBlocks } from './page.js';

/** What a type may take at most, times what `float32` takes: on a, b, c, d, f and g. */
const goals: Record<string, Record<string, readonly number[]>> = {
  forward: {
    uint8: [0.6, 0.5, 0.4, 0.4, 1],
    int8: [0.6, 0.5, 0.4, 0.4, 1],
    float16: [0.8, 0.75, 0.65, 0.65, 1, 1.3],
  },
  indices: {
    uint8: [0.8, 0.7, 0.6, 0.6, 1],
    int8: [0.8, 0.7, 0.6, 0.6, 1],
    float16: [1, 0.9, 0.8, 0.8, 1],
  },
  backward: { float16: [1.3, 1.3, 1.3, 1.3, 1.3, 1.3] },
  average: { float16: [1.3, 1.3, 1.3, 1.3] },
  'average backward': { float16: [1.3, 1.3, 1.3, 1.3] },
};
const letters = ['a', 'b', 'c', 'd', 'f', 'g'];

/** Keeps what was measured of types, and brings their section of BENCHMARKS.md up to date. */
export function writeTypes(machine: Machine, results: readonly TypeResult[]): void {
  const { date, runtime, processor, threads, system } = machine;
  const name = `types-${date}-${runtime.toLowerCase().replaceAll(' ', '-')}.json`;
  mkdirSync(recordFolder, { recursive: true });
  const head = JSON.stringify({ machine }, null, 2).slice(0, -2);
  const lines = results.map((result) => JSON.stringify(result)).join(',\n');
  writeFileSync(new URL(name, recordFolder), `${head},\n  "results": [\n${lines}\n]}\n`);
  const measured = `Measured on ${date} with ${runtime}, ${processor}, ${threads} threads, ${system}.`;
  const where = `All ratios with their ranges: [${name}](test/bench/record/${name}).`;
  writeBlocks({ types: `${measured} ${where}\n\n${typeTables(results)}` });
}

/** A table for each layout: what each type takes in each operation. */
export function typeTables(results: readonly TypeResult[]): string {
  const columns = cases.filter(({ name }) => letters.includes(name)).map(({ name }) => name);
  const tables = (['NCHW', 'NHWC'] as const).flatMap((layout) => {
    const of = results.filter((result) => result.layout === layout);
    const rows = typeOperations.flatMap((operation) =>
      narrowTypes.map((type) => [
        `${operation}, \`${type}\``,
        ...columns.map((c) => {
          const found = of.find((r) => r.operation === operation && r.type === type && r.case === c);
          return found ? cell(found.ratio.median, goals[operation]?.[type]?.[letters.indexOf(c)]) : '';
        }),
      ]),
    );
    const shown = rows.filter(([, ...cells]) => cells.some(Boolean));
    const head = ['times `float32`', ...columns];
    return shown.length > 0 ? [`### ${layout}\n\n${markdownTable(head, shown)}`] : [];
  });
  return tables.join('\n\n');
}

const cell = (ratio: number, most: number | undefined): string =>
  most === undefined ? short(ratio) : `${short(ratio)} (≤ ${most})${ratio <= most ? ' ✓' : ''}`;
