import { readFileSync, writeFileSync } from 'node:fs';

const page = new URL('../../../BENCHMARKS.md', import.meta.url);

/** Where records and plots are kept. */
export const recordFolder = new URL('../record/', import.meta.url);

/** Writes marked blocks of BENCHMARKS.md. */
export function writeBlocks(blocks: Readonly<Record<string, string>>): void {
  let text = readFileSync(page, 'utf8');
  for (const [block, content] of Object.entries(blocks)) {
    const marked = new RegExp(`(<!-- bench:${block} -->\n)[^]*?(<!-- /bench:${block} -->)`);
    text = text.replace(marked, (_, open, close) => `${open}\n${content}\n\n${close}`);
  }
  writeFileSync(page, text);
}
