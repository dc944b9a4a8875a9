/** The options of the benchmark that choose what is measured. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'pyramid-pool-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bench = (...options: string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'test/bench/main.ts', ...options]);

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
