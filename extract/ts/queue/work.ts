import { stat } from 'node:fs/promises';
import { type Job as BullJob, DelayedError, Worker } from 'bullmq';
import { count } from '../commands/plural.js';
import { duration } from '../commands/progress.js';
import { onStop } from '../commands/signals.js';
import { ExtractError, exitCodes, messageOf } from '../core/errors.js';
import type { Job } from '../core/settings.js';
import { removeOwnTemporaries } from '../parts/files.js';
import { readManifest } from '../parts/manifest.js';
import { listParts, summarisePart } from '../parts/read-parts.js';
import { identify } from '../plan/identity.js';
import { fingerprintOf } from '../plan/shards.js';
import type { PartResult } from '../threads/messages.js';
import { ThreadPool } from '../threads/pool.js';
import { connect, withoutPassword } from './connection.js';
import { QUEUE, type QueuedShard } from './jobs.js';

export interface WorkOptions {
  readonly address: string;
  readonly workers: number;
  readonly memory: number;
  /** Seconds after which the shard of a worker that died is given to another one. */
  readonly lock: number;
}

/** How often the work of a shard may end with its worker: killed workers are usual, but not a shard that kills them all. */
const MOST_STALLED = 10;

/** How long a shard that this worker must not make is kept from it. */
const REFUSED_MILLISECONDS = 5000;

/** Makes parts of whatever runs are in the queue, until it is stopped. Returns the exit code. */
export async function work({ address, workers, memory, lock }: WorkOptions): Promise<number> {
  const redis = await connect(address);
  const pool = new ThreadPool({ size: workers, memory });
  const maker = new QueuedPartMaker(pool);
  // The threads compute: this one is free to renew the locks of its jobs.
  const worker = new Worker<QueuedShard>(QUEUE, (job, token) => maker.make(job, token), {
    connection: redis,
    concurrency: workers,
    lockDuration: 1000 * lock,
    stalledInterval: 1000 * lock,
    maxStalledCount: MOST_STALLED,
  });
  worker.on('error', onceInAWhile);
  console.log(`Working for ${withoutPassword(address)}, ${count(workers, 'thread')}.`);
  const refused = await untilStopped(maker);
  await worker.close();
  await pool.end();
  await Promise.all([...maker.folders].map(removeOwnTemporaries));
  redis.disconnect();
  if (!refused) return exitCodes.done;
  console.error(`pyramid-pool-extract: ${refused}`);
  return exitCodes.error;
}

/** Resolves when a signal came, or with the reason why this worker is of no use. */
async function untilStopped(maker: QueuedPartMaker): Promise<string | undefined> {
  let stopped = () => {};
  const signalled = new Promise<undefined>((resolve) => {
    stopped = () => resolve(undefined);
  });
  onStop((name) => {
    console.error(`${name}: finishing ${count(maker.underWay, 'part')}. Once more ends at once.`);
    stopped();
  });
  return Promise.race([signalled, maker.refused]);
}

let told = 0;
const TELL_MILLISECONDS = 10_000;

/** A broker that went away makes many errors. */
function onceInAWhile(error: Error): void {
  if (performance.now() - told < TELL_MILLISECONDS && told > 0) return;
  told = performance.now();
  console.error(`The queue: ${messageOf(error)}`);
}

/** Makes the parts of jobs. */
class QueuedPartMaker {
  /** Resolves with the reason why this worker must not make the parts of a run. */
  readonly refused: Promise<string>;
  /** The folders that parts were written to. */
  readonly folders = new Set<string>();
  underWay = 0;
  readonly #pool: ThreadPool;
  /** What was found of each run, by its fingerprint and folder: undefined where all is as it must be. */
  readonly #checked = new Map<string, Promise<string | undefined>>();
  #refuse: (why: string) => void = () => {};

  constructor(pool: ThreadPool) {
    this.#pool = pool;
    this.refused = new Promise((resolve) => {
      this.#refuse = resolve;
    });
  }

  async make(queued: BullJob<QueuedShard>, token: string | undefined): Promise<void> {
    const { run, job, shard } = queued.data;
    const why = await this.#check(queued.data);
    if (why !== undefined) {
      this.#refuse(why);
      // Another worker may be able to.
      await queued.moveToDelayed(Date.now() + REFUSED_MILLISECONDS, token);
      throw new DelayedError();
    }
    this.folders.add(job.out);
    this.underWay++;
    const started = performance.now();
    try {
      const there = await existing(job.out, shard.name);
      const result = there ?? (await this.#pool.run({ kind: 'part', job, shard }));
      console.log(
        `${run}: ${shard.name}, ${describe(result)}${there ? ', was there' : ''}, ${duration((performance.now() - started) / 1000)}.`,
      );
    } catch (error) {
      console.error(`${run}: ${shard.name} failed: ${messageOf(error)}`);
      throw error;
    } finally {
      this.underWay--;
    }
  }

  #check({ job, fingerprint }: QueuedShard): Promise<string | undefined> {
    const key = `${fingerprint} ${job.out}`;
    const checked = this.#checked.get(key) ?? whyNot(job, fingerprint);
    this.#checked.set(key, checked);
    return checked;
  }
}

/** Why a worker must not make the parts of a run; undefined where it may. */
async function whyNot(job: Job, fingerprint: string): Promise<string | undefined> {
  try {
    if (!(await stat(job.root)).isDirectory()) return `${job.root} is no folder here`;
    const manifest = await readManifest(job.out);
    if (!manifest) return `${job.out} has no manifest.json here: is the shared folder there?`;
    const own = await identify(job.settings, job.engine, job.model);
    if (fingerprintOf(own) === fingerprint) return undefined;
    const { versions, hashes } = own;
    return `this machine would make other vectors: the run has ${JSON.stringify({ versions: manifest.versions, hashes: manifest.hashes })}, here are ${JSON.stringify({ versions, hashes })}`;
  } catch (error) {
    return error instanceof ExtractError
      ? error.message
      : `what the run needs is not here: ${messageOf(error)}`;
  }
}

/** What a part holds that is there already, as a worker had made it that was ended before it could say so. */
async function existing(out: string, name: string): Promise<PartResult | undefined> {
  const part = (await listParts(out)).get(name);
  return part && summarisePart(out, name, part);
}

const describe = ({ vectors, failed }: PartResult) =>
  `${count(vectors, 'vector')}${failed.length > 0 ? `, ${failed.length} failed` : ''}`;
