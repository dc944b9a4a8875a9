/** The options of the benchmarks that choose what is measured. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { typeTables } from '../bench/report/types.js';

const folder = mkdtempSync(join(tmpdir(), 'pyramid-pool-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

const runs = (program: string, options: readonly string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', program, ...options]);
const bench = (...options: string[]) => runs('test/bench/main.ts', options);
const benchEngines = (...options: string[]) => runs('test/bench/engines/main.ts', options);

/** What is measured with these options: pairs of a case and an operation. */
async function measured(...options: string[]): Promise<string[]> {
  const file = join(folder, 'report.json');
  await bench(...options, '--engine', 'scalar,plain', '--rounds', '1', '--json', file);
  const { results } = JSON.parse(readFileSync(file, 'utf8')) as { results: Record<string, string>[] };
  return [...new Set(results.map((it) => `${it.case} ${it.operation} ${it.engine}`))];
}

test('lists and repeated options choose cases and operations', async () => {
  const all = await measured('--case', 'a, b', '--case', '7x7x64', '--operation', 'forward,backward');
  expect(new Set(all.map((it) => it.split(' ')[0]))).toEqual(new Set(['a', 'b', '7x7x64']));
  expect(new Set(all.map((it) => it.split(' ')[1]))).toEqual(new Set(['forward', 'backward']));
  expect(all.every((it) => /(scalar|plain)/.test(it))).toBe(true);
});

test.each([
  [['--case', 'a,z'], 'There is no case z'],
  [['--case', 'a,'], '--case needs names'],
  [['--operation', 'forward,forwards'], 'There is no operation forwards'],
  [['--engine', 'nobody'], 'No engine is called nobody'],
])('refuses %s', async (options, message) => {
  await expect(bench(...options)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining(message),
  });
});

test('ratios of types stand beside their goals', () => {
  const result = { layout: 'NCHW', operation: 'forward', case: 'b', type: 'uint8' } as const;
  const of = (median: number) => typeTables([{ ...result, ratio: { median, low: median, high: median } }]);
  expect(of(0.4)).toContain('| forward, `uint8` |  | 0.40 (≤ 0.5) ✓ |  |  |  |');
  expect(of(0.51)).toContain('| forward, `uint8` |  | 0.51 (≤ 0.5) |  |  |  |');
  expect(of(0.4)).not.toContain('float16');
});

test('engines are measured by the same module, with their own bound and start', async () => {
  const file = join(folder, 'engines.json');
  const chosen = [
    '--engine',
    'node,wasmtime-cranelift',
    '--case',
    'a',
    '--operation',
    'indices',
    '--rounds',
    '1',
  ];
  await benchEngines(...chosen, '--json', file);
  const { engines, results, starts } = JSON.parse(readFileSync(file, 'utf8'));
  const names = engines.map(({ name }: { name: string }) => name);
  expect(names).toContain('node');
  for (const engine of names) {
    const of = results.filter((it: { engine: string }) => it.engine === engine);
    expect(of.map(({ module }: { module: string }) => module)).toEqual(['simd', 'scalar', 'bound']);
    expect(of.every(({ samples }: { samples: number[] }) => (samples[0] as number) > 0)).toBe(true);
  }
  expect(starts.length).toBe(2 * names.length);
});

test('an engine that does not exist is refused', async () => {
  const error = { code: 2, stderr: expect.stringContaining('No engine is called nobody') };
  await expect(benchEngines('--engine', 'nobody')).rejects.toMatchObject(error);
});
