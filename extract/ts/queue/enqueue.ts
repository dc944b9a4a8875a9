import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { countParts, endOf, findPending } from '../commands/extract.js';
import { type RunPlan, tryModel } from '../commands/plan-run.js';
import { count, sum } from '../commands/plural.js';
import { type Progress, showProgress } from '../commands/progress.js';
import { onStop, type Stop } from '../commands/signals.js';
import { ExtractError, exitCodes } from '../core/errors.js';
import type { Shard } from '../core/settings.js';
import { removeStale } from '../parts/files.js';
import { beginRun, checkRun } from '../parts/manifest.js';
import { markerFile, partFile } from '../parts/names.js';
import { listParts } from '../parts/read-parts.js';
import { fingerprintOf } from '../plan/shards.js';
import { ThreadPool } from '../threads/pool.js';
import { connect, withoutPassword } from './connection.js';
import { attempts, QUEUE, type QueuedShard } from './jobs.js';

export interface EnqueueOptions {
  readonly address: string;
  readonly name: string;
  readonly memory: number;
  readonly allowFailures: boolean;
}

/**
 * Puts the shards of a run into the queue, and follows it until all parts are there. The parts tell how far it is, so that a queue that
 * was lost is filled again. Returns the exit code.
 */
export async function enqueue(plan: RunPlan, options: EnqueueOptions): Promise<number> {
  const { identity, input, job } = plan;
  await checkRun(job.out, identity, input);
  const { pending } = await findPending(job.out, plan.shards);
  if (pending.length > 0) {
    const exitCode = await makeByQueue(plan, pending, options);
    if (exitCode !== exitCodes.done) return exitCode;
  }
  const { there } = await findPending(job.out, plan.shards);
  await countParts(plan, there);
  return endOf(job.out, there.values(), options.allowFailures);
}

async function makeByQueue(
  plan: RunPlan,
  pending: readonly Shard[],
  options: EnqueueOptions,
): Promise<number> {
  const redis = await connect(options.address);
  const queue = new Queue<QueuedShard>(QUEUE, { connection: redis });
  // It is waited for, and told where it is followed.
  queue.on('error', () => {});
  const stop = onStop((name) =>
    console.error(`\n${name}: no longer following. Workers go on; the same command follows again.`),
  );
  let progress: Progress | undefined;
  try {
    const tried = await tryOnce(plan, options.memory);
    const { job, identity, input, files } = tried;
    await beginRun(job.out, identity, input, files);
    await removeStale(job.out);
    await removeParts(job.out, pending);
    console.log(
      `${options.name}: ${count(input.files, 'file')} in ${input.folder}; ${pending.length} of ${count(input.parts, 'part')} to make, by ${withoutPassword(options.address)}.`,
    );
    const run = new QueuedRun(queue, tried, options.name);
    await run.forget(pending);
    await run.add(pending);
    progress = showProgress(sum(pending, ({ pieces }) => pieces.length));
    await follow(run, redis, job.out, pending, progress, stop);
  } finally {
    progress?.stop();
    stop.release();
    await queue.close().catch(() => {});
    redis.disconnect();
  }
  return stop.exitCode;
}

async function tryOnce(plan: RunPlan, memory: number): Promise<RunPlan> {
  const pool = new ThreadPool({ size: 1, memory });
  try {
    return await tryModel(plan, pool);
  } finally {
    await pool.end();
  }
}

/** Files of parts that cannot be read: a part that is there counts as made. */
async function removeParts(out: string, shards: readonly Shard[]): Promise<void> {
  const listed = await listParts(out);
  for (const { name } of shards.filter(({ name }) => listed.has(name))) {
    await rm(partFile(out, name), { force: true });
    await rm(markerFile(out, name), { force: true });
  }
}

/** How often the folder is looked at; and how often the queue, which may have lost its jobs. */
const LOOK_MILLISECONDS = 500;
const REFILL_MILLISECONDS = 5000;

async function follow(
  run: QueuedRun,
  redis: Redis,
  out: string,
  pending: readonly Shard[],
  progress: Progress,
  { signal }: Stop,
): Promise<void> {
  let missing = [...pending];
  let refilled = performance.now();
  let isAway = false;
  while (!signal.aborted) {
    const there = await listParts(out);
    progress.add(sum(missing, ({ name, pieces }) => (there.has(name) ? pieces.length : 0)));
    missing = missing.filter(({ name }) => !there.has(name));
    if (missing.length === 0) return;
    const wasAway = isAway;
    isAway = redis.status !== 'ready';
    if (isAway && !wasAway) console.error('\nThe broker does not answer: waiting for it.');
    if (!isAway && performance.now() - refilled > REFILL_MILLISECONDS) {
      await run.checkFailed(missing);
      await run.add(missing);
      refilled = performance.now();
    }
    await pause(LOOK_MILLISECONDS, undefined, { signal }).catch(() => {});
  }
}

/** Jobs that are sent at once. */
const AT_ONCE = 200;

/** The jobs of a run. */
class QueuedRun {
  readonly #queue: Queue<QueuedShard>;
  readonly #plan: RunPlan;
  readonly #name: string;
  readonly #fingerprint: string;

  constructor(queue: Queue<QueuedShard>, plan: RunPlan, name: string) {
    this.#queue = queue;
    this.#plan = plan;
    this.#name = name;
    this.#fingerprint = fingerprintOf(plan.identity);
  }

  /** Adds jobs. One that is there already, as its id says, is not added again. */
  async add(shards: readonly Shard[]): Promise<void> {
    for (let i = 0; i < shards.length; i += AT_ONCE) {
      await this.#queue.addBulk(
        shards.slice(i, i + AT_ONCE).map((shard) => ({
          name: this.#name,
          data: { run: this.#name, job: this.#plan.job, shard, fingerprint: this.#fingerprint },
          // What is done is told by its part. What failed stays, with its reason.
          opts: { jobId: shard.name, removeOnComplete: true, removeOnFail: false, ...attempts },
        })),
      );
    }
  }

  /** Removes jobs that failed earlier, so that they are tried again. */
  async forget(shards: readonly Shard[]): Promise<void> {
    const names = new Set(shards.map(({ name }) => name));
    for (const job of await this.#queue.getFailed()) {
      if (names.has(job.id!)) await job.remove();
    }
  }

  /** Fails where a part of the run was given up by the workers. */
  async checkFailed(shards: readonly Shard[]): Promise<void> {
    const names = new Set(shards.map(({ name }) => name));
    const failed = (await this.#queue.getFailed()).filter(({ id }) => names.has(id!));
    const mine = failed.filter(({ data }) => data.job.out === this.#plan.job.out);
    // Of a run of the same name in another folder: its job would stand in the way.
    for (const job of failed) if (!mine.includes(job)) await job.remove();
    const [first] = mine;
    if (!first) return;
    throw new ExtractError(
      `${count(mine.length, 'part')} failed; ${first.id}: ${first.failedReason}. Parts that are made stay: the same command tries the others again`,
    );
  }
}
