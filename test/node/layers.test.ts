/** `npm run layers` fails where an import does not keep to the layers. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const config = join(root, '.dependency-cruiser.mjs');
const tool = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

mkdirSync(join(root, 'target'), { recursive: true });
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Which imports in a project of these files break which rule. */
function broken(files: Record<string, string>): string[] {
  const cwd = mkdtempSync(join(root, 'target', 'layers-'));
  folders.push(cwd);
  for (const [name, text] of Object.entries({ 'tsconfig.json': '{}', ...files })) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  const args = [tool, '--config', config, '--output-type', 'json', '.'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  if (!stdout) throw new Error(stderr);
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { from: string; to: string; rule: { name: string } }[] };
  };
  return summary.violations.map(({ from, to, rule }) => `${from} -> ${to}: ${rule.name}`).sort();
}

/** A file that imports a type from another one. */
const typeFrom = (path: string) => `import type { A } from '${path}';\nexport type B = A;\n`;
const a = 'export type A = 1;\n';

test('an import of a layer below is as it should be', () => {
  expect(
    broken({
      'ts/core/a.ts': a,
      'ts/pools/b.ts': typeFrom('../core/a.js'),
      'ts/index.ts': "export type { B } from './pools/b.js';\n",
      'demo/page/ui/a.ts': a,
      'demo/page/pool/b.ts': typeFrom('../ui/a.js'),
    }),
  ).toEqual([]);
});

test('every circle is found, one of types too', () => {
  const b = "import type { B } from './b.js';\nexport type A = B | 1;\n";
  const files = ['ts/core', 'demo/train', 'test/unit', 'scripts'].flatMap((folder) => [
    [`${folder}/a.ts`, b],
    [`${folder}/b.ts`, typeFrom('./a.js')],
  ]);
  expect(broken(Object.fromEntries(files))).toEqual([
    'demo/train/a.ts -> demo/train/b.ts: no circles',
    'scripts/a.ts -> scripts/b.ts: no circles',
    'test/unit/a.ts -> test/unit/b.ts: no circles',
    'ts/core/a.ts -> ts/core/b.ts: no circles',
  ]);
});

test('an import of a layer above is found, and a folder that has no layer', () => {
  const wrong = [
    ['demo/page/ui/b.ts', 'demo/page/pool/a.ts', 'demo/page/styles,ui: nothing above it'],
    ['demo/train/b.ts', 'demo/terminal/a.ts', 'demo/train,plain-js,onnx,edge: nothing above it'],
    ['demo/train/c.ts', 'ts/core/a.ts', 'the demo uses the package as its users do'],
    ['ts/arguments/b.ts', 'ts/platform/a.ts', 'ts/arguments,platform: nothing above it'],
    ['ts/core/b.ts', 'ts/memory/a.ts', 'ts/core: nothing above it'],
    ['ts/core/c.ts', 'test/unit/a.ts', 'the package knows nothing of its tests, tools and demo'],
    ['ts/elsewhere/b.ts', 'ts/core/a.ts', 'ts: every folder has a layer'],
    ['ts/pools/b.ts', 'ts/index.ts', 'ts: no folder imports an entry above it'],
  ] as const;
  const files = wrong.flatMap(([from, to]) => [
    [from, typeFrom('../'.repeat(from.split('/').length - 1) + to.replace(/\.ts$/, '.js'))],
    [to, a],
  ]);
  expect(broken(Object.fromEntries(files))).toEqual(
    wrong.map(([from, to, rule]) => `${from} -> ${to}: ${rule}`),
  );
});
