import { readFileSync, writeFileSync } from 'node:fs';
import { inProject } from './project.mjs';

const file = inProject('docs', 'reliability.md');
const marks =
  /(<!-- figures: npm run fuzz, soak, soak:extract and load, with --write -->\n\n)(.*?)(\n<!-- end -->)/s;
const head = ['what ran', 'how often', 'seed', 'result'];

/** Puts what runs have reported into the table, in place of what earlier runs of the same name have. */
export function writeFigures(figures) {
  const text = readFileSync(file, 'utf8');
  const old = text.match(marks)[2].trim().split('\n').slice(2);
  const rows = new Map(old.filter(Boolean).map((line) => [line.split('|')[1].trim(), line]));
  for (const { name, seed, ...rest } of figures)
    rows.set(name, lineOf([name, countOf(rest), seed, detailsOf(rest)]));
  const table = [lineOf(head), lineOf(head.map(() => '---')), ...rows.values()].join('\n');
  writeFileSync(
    file,
    text.replace(marks, (_, start, __, end) => `${start}${table}\n${end}`),
  );
}

const lineOf = (cells) => `| ${cells.join(' | ')} |`;

/** How often a run ran: a number of cases, or minutes. */
function countOf({ cases, calls, images, minutes, requests }) {
  if (images) return `${images.toLocaleString('en')} images in ${minutes} min`;
  if (requests) return `${requests.toLocaleString('en')} requests`;
  return (cases ?? calls).toLocaleString('en');
}

/** A run that finds a fault stops and reports nothing, so every reported run is without a fault. */
function detailsOf(figure) {
  const { errors, answers, ownErrors, pages, heap, rss, engines, right, refused, perSecond, parts } = figure;
  if (errors) {
    const coded = Object.values(errors).reduce((sum, count) => sum + count, 0);
    return `${answers} answers, ${coded} errors with codes, ${ownErrors} of the arguments' own`;
  }
  if (pages)
    return `WASM pages ${inShort(pages).join(', ')}; heap ${megabytes(heap)}; process ${megabytes(rss)}`;
  if (parts) return `the same bytes of ${parts} parts each time`;
  if (rss && !right) return `process ${megabytes(rss)}`;
  if (right) {
    const answers = `${right} right answers, ${refused} refusals as expected, ${perSecond} a second`;
    const memory = rss.length > 0 ? `; process ${megabytes(rss)}` : '';
    return `${answers}; heap ${inMegabytes(Math.min(...heap))} to ${inMegabytes(Math.max(...heap))} MB${memory}`;
  }
  return engines ? `no difference between ${engines.join(', ')}` : 'no difference from the reference';
}

/** The first, the greatest and the last of the figures that were read in the course of a run. */
const inShort = (figures) => [figures[0], Math.max(...figures), figures.at(-1)];

const inMegabytes = (bytes) => (bytes / 1e6).toFixed();

const megabytes = (sizes) => `${inShort(sizes).map(inMegabytes).join(', ')} MB`;
