import { existsSync } from 'node:fs';
import { exitCodes } from '../core/errors.js';
import type { Shard } from '../core/settings.js';
import { removeOwnTemporaries, removeStale } from '../parts/files.js';
import { beginRun, checkRun, writeCounts } from '../parts/manifest.js';
import { listParts, type PartSummary, summariseParts } from '../parts/read-parts.js';
import type { Slice } from '../plan/slice.js';
import { PoolEnded, ThreadPool } from '../threads/pool.js';
import { type RunPlan, tryModel } from './plan-run.js';
import { count, sum } from './plural.js';
import { duration, type Progress, showProgress } from './progress.js';
import { onStop } from './signals.js';

export interface ExtractOptions {
  readonly workers: number;
  readonly memory: number;
  readonly slice: Slice | undefined;
  readonly allowFailures: boolean;
}

/** Makes the parts of a run, or of a slice of it, that are not there yet. Returns the exit code. */
export async function extract(plan: RunPlan, options: ExtractOptions): Promise<number> {
  const { identity, input, job } = plan;
  await checkRun(job.out, identity, input);
  const mine = sliceOf(plan.shards, options.slice);
  const { pending, there } = await findPending(job.out, mine);
  tellStart(plan, options, mine, pending);
  const started = performance.now();
  const { made, exitCode } = await makeParts(plan, pending, options);
  tellSpeed(made, (performance.now() - started) / 1000);
  const found = new Map([...there, ...made]);
  await countParts(plan, found);
  if (exitCode !== exitCodes.done) return exitCode;
  return endOf(job.out, found.values(), options.allowFailures);
}

/** Tells of the inputs that failed. Returns the exit code of a run that is done. */
export function endOf(out: string, parts: Iterable<PartSummary>, allowFailures: boolean): number {
  const failed = sum(parts, ({ failed }) => failed.length);
  if (failed === 0) return exitCodes.done;
  console.log(`${count(failed, 'input')} could not be read: ${out}/failed.jsonl has the reasons.`);
  return allowFailures ? exitCodes.done : exitCodes.failedInputs;
}

/** The shards of a slice; all of them where there is none. */
export const sliceOf = (shards: readonly Shard[], slice: Slice | undefined) =>
  slice ? shards.filter((_, i) => i % slice.count === slice.index) : shards;

/** The shards whose parts are not there, and what the others hold. A part that cannot be read is made again. */
export async function findPending(
  out: string,
  shards: readonly Shard[],
): Promise<{ pending: Shard[]; there: Map<string, PartSummary> }> {
  const listed = await listParts(out);
  const names = new Set(shards.map(({ name }) => name));
  const there = await summariseParts(
    out,
    [...listed].filter(([name]) => names.has(name)),
  );
  return { pending: shards.filter(({ name }) => !there.has(name)), there };
}

async function makeParts(
  plan: RunPlan,
  pending: readonly Shard[],
  { workers, memory }: ExtractOptions,
): Promise<{ made: Map<string, PartSummary>; exitCode: number }> {
  const { out } = plan.job;
  const made = new Map<string, PartSummary>();
  if (pending.length === 0) return { made, exitCode: exitCodes.done };
  const pool = new ThreadPool({ size: Math.min(workers, pending.length), memory });
  const stop = onStop((name) => {
    console.error(`\n${name}: ending. The same command goes on from here.`);
    void pool.end();
  });
  let progress: Progress | undefined;
  try {
    const { job, identity, input, files } = await tryModel(plan, pool);
    await beginRun(out, identity, input, files);
    await removeStale(out);
    const shown = showProgress(sum(pending, ({ pieces }) => pieces.length));
    progress = shown;
    const make = async (shard: Shard) => {
      let told = 0;
      const result = await pool.run({ kind: 'part', job, shard }, (inputs) => {
        told += inputs;
        shown.add(inputs);
      });
      shown.add(shard.pieces.length - told);
      made.set(shard.name, result);
    };
    await Promise.all(pending.map(make));
  } catch (error) {
    if (!(error instanceof PoolEnded)) throw error;
  } finally {
    progress?.stop();
    await pool.end();
    stop.release();
    await removeOwnTemporaries(out);
  }
  return { made, exitCode: stop.exitCode };
}

/** Writes what all slices have made so far into the manifest, and tells it. */
export async function countParts(
  { job: { out }, identity, input, shards }: RunPlan,
  known: Map<string, PartSummary>,
): Promise<void> {
  // Ended before it began.
  if (!existsSync(out)) return;
  const names = new Set(shards.map(({ name }) => name));
  const others = [...(await listParts(out))].filter(([name]) => names.has(name) && !known.has(name));
  const all = new Map([...(await summariseParts(out, others)), ...known]);
  const { counts } = await writeCounts(out, identity, input, all);
  console.log(
    `${out} has ${counts.parts} of ${count(input.parts, 'part')}: ${count(counts.vectors, 'vector')}, ${counts.failed} failed.`,
  );
}

function tellSpeed(made: ReadonlyMap<string, PartSummary>, seconds: number): void {
  const vectors = sum(made.values(), ({ vectors }) => vectors);
  if (vectors === 0) return;
  console.log(
    `${count(vectors, 'vector')} in ${duration(seconds)}, ${(vectors / seconds).toFixed(1)} a second.`,
  );
}

function tellStart(
  plan: RunPlan,
  { workers, slice }: ExtractOptions,
  mine: readonly Shard[],
  pending: readonly Shard[],
): void {
  const { input, job, engine } = plan;
  const by = engine ? `, by ${engine}` : '';
  console.log(
    `${count(input.files, 'file')} in ${input.folder}, ${count(input.parts, 'part')}${by}, ${count(workers, 'thread')}.`,
  );
  if (slice) {
    const why = slice.variable ? `, as ${slice.variable} says` : '';
    console.log(`Slice ${slice.index} of ${slice.count}${why}: ${count(mine.length, 'part')}.`);
  }
  const there = mine.length - pending.length;
  if (there > 0) console.log(`${count(there, 'part')} in ${job.out} already.`);
}
