import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inProject } from './project.mjs';

const folder = inProject('target', 'results');
const brokenFile = inProject('target', 'broken-projects.json');

/**
 * @typedef {object} Result that tests of one kind passed in one runtime: what the table of docs/hosts.md is made from
 * @property {string} runtime
 * @property {string[]} variants the variants that gave the expected bits
 * @property {string} how
 * @property {number} order where `how` stands among the others of its runtime
 */

const fileOf = (name) => join(folder, `${name.replace(/[^\w]+/g, '-')}.json`);

/** Notes a result under a name. */
export function record(name, result) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(name), `${JSON.stringify(result, undefined, 2)}\n`);
}

/** Forgets the results whose names begin with this. */
export function forget(prefix) {
  const start = fileOf(prefix).replace(/-?\.json$/, '');
  for (const file of files()) if (file.startsWith(start)) rmSync(file);
}

/** Notes the projects of vitest whose browser is to be tried once more, or none. */
export function noteBroken(projects) {
  writeFileSync(brokenFile, JSON.stringify(projects));
}

/** @returns {string[]} the projects that were noted last */
export const readBroken = () => JSON.parse(readFileSync(brokenFile, 'utf8'));

/** @returns {Result[]} all results, in order */
export function readResults() {
  return files()
    .map((file) => JSON.parse(readFileSync(file, 'utf8')))
    .sort((a, b) => a.order - b.order);
}

function files() {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder).map((name) => join(folder, name));
}
