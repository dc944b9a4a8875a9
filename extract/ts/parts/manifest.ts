import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, ExtractError, messageOf } from '../core/errors.js';
import { canonicalJson } from '../core/hash.js';
import type { EngineName, FailedInput, Hashes, Piece, Settings, Versions } from '../core/settings.js';
import { createFile, replaceFile } from './files.js';
import { markerFile, partFile } from './names.js';
import { listParts, type PartSummary } from './read-parts.js';

/** What a run is: parts of the same folder are of one run. */
export interface RunIdentity {
  readonly options: Settings & { readonly engine: EngineName | undefined };
  readonly versions: Versions;
  readonly hashes: Hashes;
}

/** What the inputs of a run are. */
export interface InputSummary {
  /** The folder that ids start from. */
  readonly folder: string;
  readonly files: number;
  readonly parts: number;
  /** SHA-256 of `inputs.txt`, which has the sizes and paths of all files. */
  readonly hash: string;
  /** The model's file. */
  readonly model: string | undefined;
}

/** The file `manifest.json` of a folder of parts. */
export interface Manifest extends RunIdentity {
  readonly format: 1;
  readonly input: InputSummary;
  /** How many parts, vectors and failed inputs there are; all are there where `parts` is `input.parts`. */
  readonly counts: { readonly parts: number; readonly vectors: number; readonly failed: number };
  readonly vectorLength: number | undefined;
}

const manifestFile = (out: string) => join(out, 'manifest.json');

/** The files of a run, one a line: the size in bytes, and the path as JSON. */
const inputsFile = (out: string) => join(out, 'inputs.txt');

/** Inputs that failed, one a line, of all parts. */
const failedFile = (out: string) => join(out, 'failed.jsonl');

const bytesOf = (manifest: Manifest) => Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);

/** The manifest of a folder; undefined where there is none. */
export async function readManifest(out: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await readFile(manifestFile(out), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw new ExtractError(`${manifestFile(out)} could not be read: ${messageOf(error)}`);
  }
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    throw new ExtractError(`${manifestFile(out)} is no JSON: --fresh begins anew`);
  }
}

/** Throws where a folder has parts of a run with other options, versions or inputs. */
export async function checkRun(out: string, identity: RunIdentity, input: InputSummary): Promise<void> {
  const found = await readManifest(out);
  if (!found && (await listParts(out)).size > 0) {
    throw new ExtractError(`${out} has parts, but no manifest.json: --fresh begins anew`);
  }
  const differences = found ? differencesOf(found, newManifest(identity, input)) : [];
  if (differences.length === 0) return;
  throw new ExtractError(
    `${out} has parts of another run: ${differences.join('; ')}. --fresh removes them and begins anew; another --out keeps them`,
  );
}

/** Begins a run in a folder, or goes on with it. Where several processes begin at once, they write the same. */
export async function beginRun(
  out: string,
  identity: RunIdentity,
  input: InputSummary,
  files: readonly Piece[],
): Promise<void> {
  await mkdir(out, { recursive: true }).catch((error: unknown) => {
    throw new ExtractError(`--out ${out} could not be made: ${messageOf(error)}`);
  });
  if (!(await readManifest(out))) {
    await replaceFile(inputsFile(out), Buffer.from(inputLines(files)));
    if (await createFile(manifestFile(out), bytesOf(newManifest(identity, input)))) return;
  }
  await checkRun(out, identity, input);
}

const newManifest = (identity: RunIdentity, input: InputSummary): Manifest => ({
  format: 1,
  ...identity,
  input,
  counts: { parts: 0, vectors: 0, failed: 0 },
  vectorLength: undefined,
});

/** What differs between two runs, in words. */
export function differencesOf(before: Manifest, now: Manifest): string[] {
  if (before.format !== 1) return [`its format is ${before.format}, and this version writes format 1`];
  const all = (['options', 'versions', 'hashes'] as const).flatMap((group) =>
    compare(`${group}.`, before[group], now[group]),
  );
  const inputs =
    before.input.hash === now.input.hash
      ? []
      : [
          `the inputs have changed: ${before.input.files} files then, ${now.input.files} now, with other names or sizes`,
        ];
  return [...all, ...inputs];
}

function compare(path: string, before: unknown, now: unknown): string[] {
  const [a, b] = [flatten(before), flatten(now)];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names]
    .filter((name) => a[name] !== b[name])
    .map((name) => `${path}${name} was ${a[name] ?? 'not given'} and is ${b[name] ?? 'not given'}`);
}

/** Values by their paths. */
function flatten(value: unknown, path = ''): Record<string, string> {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return { [path]: canonicalJson(value) };
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, it]) => flatten(it, path === '' ? name : `${path}.${name}`)),
  );
}

/** What `inputs.txt` says of files. */
export const inputLines = (files: readonly Piece[]) =>
  files.map(({ path, bytes }) => `${bytes} ${JSON.stringify(path)}\n`).join('');

/** The files of a run that was begun. */
export async function readInputs(out: string): Promise<Piece[]> {
  const lines = (await readFile(inputsFile(out), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => {
    const space = line.indexOf(' ');
    return { path: JSON.parse(line.slice(space + 1)) as string, bytes: Number(line.slice(0, space)) };
  });
}

/** Writes what there is now into the manifest, and the failed inputs of all parts into `failed.jsonl`. */
export async function writeCounts(
  out: string,
  identity: RunIdentity,
  input: InputSummary,
  parts: ReadonlyMap<string, PartSummary>,
): Promise<Manifest> {
  const lengths = new Set([...parts.values()].flatMap(({ vectorLength }) => vectorLength ?? []));
  if (lengths.size > 1) {
    throw new ExtractError(
      `${out} has vectors of ${[...lengths].join(' and ')} values: the model gives vectors of different lengths for images of different sizes; put a pyramid on it, such as --levels 4,2,1`,
    );
  }
  const names = [...parts.keys()].sort();
  const failed = names.flatMap((name) => parts.get(name)!.failed.map((it) => ({ ...it, part: name })));
  const counts = {
    parts: parts.size,
    vectors: [...parts.values()].reduce((sum, { vectors }) => sum + vectors, 0),
    failed: failed.length,
  };
  const manifest: Manifest = { format: 1, ...identity, input, counts, vectorLength: [...lengths][0] };
  await writeFailed(out, failed);
  await replaceFile(manifestFile(out), bytesOf(manifest));
  return manifest;
}

async function writeFailed(out: string, failed: readonly FailedInput[]): Promise<void> {
  if (failed.length === 0) return rm(failedFile(out), { force: true });
  const lines = failed.map((it) => `${JSON.stringify(it)}\n`).join('');
  await replaceFile(failedFile(out), Buffer.from(lines));
}

/** Removes the parts of a folder and what belongs to them; other files stay. */
export async function beginFresh(out: string): Promise<void> {
  // First what says that the parts are of one run.
  await rm(manifestFile(out), { force: true });
  for (const name of (await listParts(out)).keys()) {
    await rm(partFile(out, name), { force: true });
    await rm(markerFile(out, name), { force: true });
  }
  await rm(failedFile(out), { force: true });
  await rm(inputsFile(out), { force: true });
}
