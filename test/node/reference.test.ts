/** The API reference: every export has an example that runs, and says what it throws. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const entries = ['ts/index.ts', 'ts/tfjs/index.ts', 'ts/tfjs/op.ts', 'ts/onnx/index.ts'];

/** What the entries export that is more than a type: its name and the tags of its doc comment. */
function exported() {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent({ ...config, include: ['ts'] }, ts.sys, root);
  const program = ts.createProgram(fileNames, options);
  const checker = program.getTypeChecker();
  const found = new Map<string, ts.JSDocTagInfo[]>();
  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(join(root, entry))!)!;
    for (const symbol of checker.getExportsOfModule(module)) {
      const isTypeOnly = symbol.declarations?.some(ts.isTypeOnlyImportOrExportDeclaration);
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      if (target.flags & ts.SymbolFlags.Value && !isTypeOnly)
        found.set(target.name, target.getJsDocTags(checker));
    }
  }
  return [...found].map(([name, tags]) => ({
    name,
    throws: tags.some((tag) => tag.name === 'throws'),
    examples: tags
      .filter((tag) => tag.name === 'example')
      .map(({ text }) => /```js\n(.*?)```/s.exec(ts.displayPartsToString(text))?.[1] ?? ''),
  }));
}

const all = exported();
/** Classes say what their constructors and methods throw. */
const isFunction = (name: string) => /^[a-z]/.test(name);

test('every function says what it throws', () => {
  expect(all.length).toBeGreaterThan(8);
  expect(all.filter(({ name, throws }) => isFunction(name) && !throws).map(({ name }) => name)).toEqual([]);
});

test.each(all)('the example of $name prints what it says', ({ examples }) => {
  expect(examples.length).toBeGreaterThan(0);
  for (const code of examples) {
    const cwd = join(root, 'test', 'interop', 'onnx');
    const args = ['--input-type=module', '--eval', code];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 50_000 });
    const expected = [...code.matchAll(/console\.log\(.*\); \/\/ (.+)/g)].map(([, text]) => text);
    expect(expected.length).toBeGreaterThan(0);
    expect(stdout.trim().split('\n').slice(-expected.length), stderr).toEqual(expected);
  }
});
