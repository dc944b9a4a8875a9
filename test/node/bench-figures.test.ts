/** Documents state the figures of the record that BENCHMARKS.md shows. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { figuresOf } from '../bench/report/documents.js';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

test('README and docs/performance.md state the figures of the record', () => {
  const [, record] = /^All samples: \[(?:.+)\]\((.+)\)\.$/m.exec(read('BENCHMARKS.md')) ?? [];
  const figures = figuresOf(JSON.parse(read(record as string)));
  expect(figures.length).toBeGreaterThan(9);
  const stated = figures.map(({ document, place }) => place.exec(read(document))?.[0]);
  expect(stated).toEqual(figures.map(({ text }) => text));
});
