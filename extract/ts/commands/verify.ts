import { ExtractError, exitCodes } from '../core/errors.js';
import { hashText } from '../core/hash.js';
import type { Shard } from '../core/settings.js';
import { differencesOf, inputLines, type Manifest, readInputs, readManifest } from '../parts/manifest.js';
import { listParts, readIds, readVectors, summarisePart } from '../parts/read-parts.js';
import { ThreadPool } from '../threads/pool.js';
import { planRun, type RunPlan, tryModel } from './plan-run.js';
import { count } from './plural.js';
import { showProgress } from './progress.js';
import { drawSample } from './sample.js';

export interface VerifyOptions {
  readonly sample: number;
  readonly seed: number;
  readonly workers: number;
  readonly memory: number;
  /** Where the inputs and the model are now, if they were moved. */
  readonly root: string | undefined;
  readonly model: string | undefined;
}

/** A vector that is there: its id and the shard of its part. */
interface Stored {
  readonly id: string;
  readonly shard: Shard;
}

/** Findings of a kind that are named one by one; others are counted. */
const MOST_NAMED = 10;

/**
 * Looks whether every input of a run gave one vector or one reason, and whether vectors computed again have the same bits. Returns the
 * exit code.
 */
export async function verify(out: string, options: VerifyOptions): Promise<number> {
  const manifest = await readManifest(out);
  if (!manifest) throw new ExtractError(`${out} has no manifest.json: it is no folder of parts`);
  const plan = await planAgain(out, manifest, options);
  const findings = new Findings();
  const stored = await checkParts(out, plan, findings);
  const chosen = drawSample(stored, options.sample, options.seed);
  await compareAgain(out, plan, chosen, options, findings);
  findings.tell();
  if (findings.isEmpty) {
    const { failed } = manifest.counts;
    const isWhole = manifest.counts.parts === plan.shards.length;
    console.log(
      `${count(stored.length, 'vector')} in ${count(plan.shards.length, 'part')}, ${failed} failed: nothing is missing, nothing is double${isWhole ? '' : ' (the manifest was not brought up to date: run the command that made the parts once more)'}.`,
    );
    console.log(`${count(chosen.length, 'vector')} computed again: the same bits.`);
  }
  return findings.isEmpty ? exitCodes.done : exitCodes.error;
}

async function planAgain(out: string, manifest: Manifest, options: VerifyOptions): Promise<RunPlan> {
  const files = await readInputs(out);
  const { engine, ...settings } = manifest.options;
  const plan = await planRun({
    root: options.root ?? manifest.input.folder,
    files,
    out,
    model: options.model ?? manifest.input.model,
    engine,
    settings,
  });
  const now = { ...manifest, ...plan.identity, input: { ...plan.input, hash: hashText(inputLines(files)) } };
  const differences = differencesOf(manifest, now);
  if (differences.length === 0) return plan;
  throw new ExtractError(`vectors made here would be others: ${differences.join('; ')}`);
}

/** Reads the ids of all parts, and finds what is missing, double or strange. */
async function checkParts(out: string, { shards, job }: RunPlan, findings: Findings): Promise<Stored[]> {
  const listed = await listParts(out);
  const stored: Stored[] = [];
  const seen = new Map<string, string>();
  for (const shard of shards) {
    const part = listed.get(shard.name);
    listed.delete(shard.name);
    const summary = part && (await summarisePart(out, shard.name, part));
    if (!summary) {
      findings.add(part ? 'part that cannot be read' : 'missing part', shard.name);
      continue;
    }
    const ids = part.hasVectors ? await readIds(out, shard.name) : [];
    for (const id of [...ids, ...summary.failed.map(({ id }) => id)]) {
      const other = seen.get(id);
      if (other !== undefined) findings.add('double id', `${id} in ${other} and ${shard.name}`);
      seen.set(id, shard.name);
    }
    stored.push(...ids.map((id) => ({ id, shard })));
    // Ids of images are their paths; how many maps a file has, only the file tells.
    if (!job.settings.images) continue;
    const own = new Set([...ids, ...summary.failed.map(({ id }) => id)]);
    for (const { path } of shard.pieces) {
      if (!own.has(path)) findings.add('missing input', `${path}, which belongs into ${shard.name}`);
      own.delete(path);
    }
    for (const id of own) findings.add('strange id', `${id} in ${shard.name}`);
  }
  for (const name of listed.keys()) findings.add('part of another run', name);
  return stored;
}

/** Computes vectors again, and compares their bits. */
async function compareAgain(
  out: string,
  plan: RunPlan,
  chosen: readonly Stored[],
  { workers, memory }: VerifyOptions,
  findings: Findings,
): Promise<void> {
  if (chosen.length === 0) return;
  const byShard = new Map<Shard, Set<string>>();
  for (const { id, shard } of chosen) byShard.set(shard, (byShard.get(shard) ?? new Set()).add(id));
  const pool = new ThreadPool({ size: Math.min(workers, byShard.size), memory });
  const progress = showProgress(chosen.length);
  try {
    const { job } = await tryModel(plan, pool);
    await Promise.all(
      [...byShard].map(async ([shard, ids]) => {
        const pieces = job.settings.images ? shard.pieces.filter(({ path }) => ids.has(path)) : shard.pieces;
        const rows = await pool.run({ kind: 'vectors', job, pieces });
        const again = new Map(rows.map(({ id, vector }) => [id, vector]));
        const before = await readVectors(out, shard.name);
        for (const id of ids) compare(id, before.get(id), again.get(id), findings);
        progress.add(ids.size);
      }),
    );
  } finally {
    progress.stop();
    await pool.end();
  }
}

function compare(
  id: string,
  before: Float32Array | undefined,
  again: Float32Array | undefined,
  findings: Findings,
): void {
  if (!before || !again) {
    findings.add('vector that cannot be computed again', id);
    return;
  }
  const [a, b] = [before, again].map((it) => new Uint32Array(it.buffer, it.byteOffset, it.length));
  const at = a!.findIndex((word, i) => word !== b![i]);
  if (a!.length === b!.length && at === -1) return;
  findings.add(
    'vector with other bits',
    at === -1 ? `${id}, of another length` : `${id}, from value ${at} on`,
  );
}

/** What was found to be wrong, by kind. */
class Findings {
  readonly #kinds = new Map<string, string[]>();

  get isEmpty(): boolean {
    return this.#kinds.size === 0;
  }

  add(kind: string, what: string): void {
    const known = this.#kinds.get(kind) ?? [];
    known.push(what);
    this.#kinds.set(kind, known);
  }

  tell(): void {
    for (const [kind, found] of this.#kinds) {
      console.log(`${kind}: ${found.length}`);
      for (const what of found.slice(0, MOST_NAMED)) console.log(`  ${what}`);
      if (found.length > MOST_NAMED) console.log(`  and ${found.length - MOST_NAMED} more`);
    }
  }
}
