import type { FailedInput, Job, Piece, Row, Shard } from '../core/settings.js';
import type { Probe } from '../model/probe.js';

/** What a thread is asked to do. It does one thing after another. */
export type Request =
  | { readonly kind: 'probe'; readonly job: Job }
  /** Makes the part of a shard. */
  | { readonly kind: 'part'; readonly job: Job; readonly shard: Shard }
  /** Makes vectors, and hands them over. */
  | { readonly kind: 'vectors'; readonly job: Job; readonly pieces: readonly Piece[] };

/** What a part turned out to be. */
export interface PartResult {
  readonly vectors: number;
  readonly vectorLength: number | undefined;
  readonly failed: readonly FailedInput[];
}

export interface Results {
  readonly probe: Probe;
  readonly part: PartResult;
  readonly vectors: readonly Row[];
}

/** What a thread is told while it works. */
export type Allowance = { readonly kind: 'allowed' };

export type Reply =
  /** So many inputs more are done. */
  | { readonly kind: 'progress'; readonly inputs: number }
  /** Asks for more memory than a thread's share. */
  | { readonly kind: 'large' }
  | { readonly kind: 'done'; readonly result: Results[keyof Results] }
  | { readonly kind: 'failed'; readonly message: string; readonly exitCode: number };
