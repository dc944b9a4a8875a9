/** The examples of README and docs/: what they are, and how a test runs them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The documents whose examples are run, from the root of the project. */
export const withExamples = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
    .sort(),
];

/** All documents whose links must lead somewhere. */
export const documents = [
  ...withExamples,
  ...['BENCHMARKS.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'HACKING.md', 'SECURITY.md', 'demo/edge/README.md'],
];

/** Languages of the code blocks of a document. */
export const languagesIn = (document: string) =>
  [...textOf(document).matchAll(/^```(\S*)\n.*?^```$/gms)].map(([, language]) => language);

export const textOf = (document: string) => readFileSync(join(root, document), 'utf8');

/** A block of JavaScript or TypeScript in a document. */
export interface Example {
  readonly document: string;
  readonly line: number;
  readonly language: 'js' | 'ts';
  readonly code: string;
  /** The file that a first line like `// main.mjs` names: one of several that belong together. */
  readonly file: string | undefined;
  /** The folder that a comment `<!-- run in FOLDER -->` before the block names. */
  readonly folder: string;
  /** Why a comment `<!-- not run: REASON -->` before the block leaves it out. */
  readonly notRun: string | undefined;
  /** What the block of `text` after it says that it prints, at the end. */
  readonly prints: string | undefined;
}

const block =
  /(?:<!-- (?:run in (?<folder>\S+)|not run: (?<notRun>[^\n]+?)) -->\n)?```(?<language>js|ts)\n(?<code>.*?)\n```\n(?:(?:\n[^`#\n]+\n)?\n```text\n(?<prints>.*?)\n```)?/gs;

/** The examples of a document. */
export function examplesIn(document: string): Example[] {
  const text = textOf(document);
  return [...text.matchAll(block)].map(({ index, groups = {} }) => ({
    document,
    line: text.slice(0, index).split('\n').length,
    language: groups.language as 'js' | 'ts',
    code: groups.code as string,
    file: /^\/\/ (\S+\.mjs)\n/.exec(groups.code as string)?.[1],
    folder: groups.folder ?? '.',
    notRun: groups.notRun,
    prints: groups.prints,
  }));
}
