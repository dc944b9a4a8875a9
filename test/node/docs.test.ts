/** The examples of README and docs/ run, and their links lead to files and headings that exist. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { documents, type Example, examplesIn, languagesIn, root, textOf, withExamples } from './markdown.js';

/** Inside the project, where the package resolves its own name. */
mkdirSync(join(root, 'target'), { recursive: true });
const folder = mkdtempSync(join(root, 'target', 'docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs an example as a process of its own, in the folder that it names, beside the files that belong to it. */
function run({ code, language, folder: cwd }: Example, beside: readonly Example[]) {
  for (const { file, code } of beside) writeFileSync(join(folder, file as string), code);
  const file = join(folder, language === 'ts' ? 'example.mts' : 'main.mjs');
  writeFileSync(file, code);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...(language === 'ts' ? ['--import', 'tsx'] : []), file],
    {
      cwd: join(root, cwd),
      encoding: 'utf8',
      timeout: 50_000,
    },
  );
  return { status, out: stdout.trim(), stderr };
}

describe.each(withExamples)('%s', (document) => {
  const examples = examplesIn(document);
  const parts = examples.filter(({ file }) => file !== undefined && file !== 'main.mjs');
  const complete = examples.filter((example) => !example.notRun && !parts.includes(example));

  test.each(complete.map((example) => [example.line, example] as const))(
    'the example in line %d',
    (_, example) => {
      const { status, out, stderr } = run(example, example.file ? parts : []);
      expect(stderr.replace(/^.*(?:Hi, looks like you are running TensorFlow|={5,}).*$/gms, '')).toBe('');
      expect(status).toBe(0);
      if (example.prints !== undefined) expect(out.slice(-example.prints.length)).toBe(example.prints);
    },
  );

  test('all its programs are found as examples', () => {
    const programs = languagesIn(document).filter((language) =>
      /^([cm]?[jt]sx?|(java|type)script)$/i.test(language ?? ''),
    );
    expect(programs).toEqual(examples.map(({ language }) => language));
  });
});

test.each(documents)('the links of %s lead somewhere', (document) => {
  const links = [...textOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string);
  expect(links.filter((link) => !leadsSomewhere(link, document))).toEqual([]);
});

const { bugs, homepage, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const source = repository.url.replace(/^git\+|\.git$/g, '');

/** Whether a link leads to a file of the project and a heading of it; links elsewhere are not followed. */
function leadsSomewhere(link: string, document: string): boolean {
  const own = [`${source}/blob/main/`, `${source.replace('github.com', 'raw.githubusercontent.com')}/main/`];
  const prefix = own.find((prefix) => link.startsWith(prefix));
  if (prefix === undefined && (link.startsWith('https:') || link.startsWith(homepage)))
    return !link.startsWith(source);
  // npm shows the README and has no other file of the project.
  if (prefix === undefined && document === 'README.md') return false;
  const [path = '', anchor] = (prefix ? link.slice(prefix.length) : link).split('#');
  const file = prefix ? path : join(path ? dirname(document) : '.', path || document);
  if (!existsSync(join(root, file))) return false;
  return anchor === undefined || headingsOf(file).includes(anchor);
}

/** The anchors of a document's headings, as GitHub makes them. */
function headingsOf(document: string): string[] {
  return [...textOf(document).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('the owner of the repository is stated in package.json, and CONTRIBUTING.md names its placeholder', () => {
  const [, owner, name] = /^https:\/\/github\.com\/([^/]+)\/([^/]+)$/.exec(source) ?? [];
  expect(name).toBe('pyramid-pool');
  expect(bugs).toBe(`${source}/issues`);
  expect(homepage).toBe(`https://${owner}.github.io/${name}/`);
  if (owner === 'OWNER') expect(textOf('CONTRIBUTING.md')).toContain('`OWNER`');
  for (const document of documents)
    for (const [, named] of textOf(document).matchAll(
      /github(?:usercontent)?\.com\/([^/]+)\/pyramid-pool\b/g,
    ))
      expect(named, document).toBe(owner);
});

test('the README can be read in five minutes', () => {
  expect(textOf('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});

/** Folders that paths in documents start from, beside the root and the folder of the document. */
const starts = ['.', 'crate/src', 'demo', 'demo/page', 'extract', 'test', 'ts'];

test.each(documents)('the files that %s names exist', (document) => {
  const named = [...textOf(document).matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:[cm]?[jt]s|rs|py|json|bin))`/g)];
  const isThere = (path: string) =>
    [...starts, dirname(document)].some((start) => existsSync(join(root, start, path)));
  // Files of the installed package, and of a reader's own project.
  const elsewhere = /^(node_modules|pyramid-pool|dist|target)\//;
  expect(
    named.map(([, path]) => path as string).filter((path) => !elsewhere.test(path) && !isThere(path)),
  ).toEqual([]);
});
