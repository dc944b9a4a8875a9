import type { Job, Shard } from '../core/settings.js';

/** The one queue of all runs, so that a worker serves whichever there are. */
export const QUEUE = 'pyramid-pool-extract';

/** What a job of the queue says: the shard, and how its vectors are made. Images and vectors go through shared folders. */
export interface QueuedShard {
  /** What the run is called. */
  readonly run: string;
  readonly job: Job;
  readonly shard: Shard;
  /** Of the run's options, versions and hashes: a worker that has others makes no part. */
  readonly fingerprint: string;
}

/** A part that failed is tried again, after a pause that doubles. */
export const attempts = { attempts: 3, backoff: { type: 'exponential', delay: 2000 } } as const;
