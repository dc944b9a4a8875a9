import type { Scratch } from './wasm-memory.js';

/** What a job does: the numbers are the crate's. */
export const operations = {
  forward: 0,
  forwardWithIndices: 1,
  backward: 2,
  average: 3,
  averageBackward: 4,
  regions: 5,
  regionsWithIndices: 6,
  regionsBackward: 7,
  regionsAverage: 8,
  regionsAverageBackward: 9,
} as const;

/** Bytes of one job, as the crate reads it. */
export const JOB_BYTES = 32;

/** More units than jobs have: those that there are not are ignored. */
export const ALL_UNITS = 2 ** 32 - 1;

/** The jobs of one call, and what deciding how to run them takes. */
export interface JobList {
  readonly count: number;
  /** The words of all jobs, as the crate reads them. */
  readonly words: readonly number[];
  /** Bytes of working memory that a thread needs to run any of them. */
  readonly scratchBytes: number;
  /** Elements of all feature maps: what the time of every operation grows with. */
  readonly elements: number;
}

/** Writes jobs to memory that is theirs until they are done. Gives the address. */
export function writeJobs(scratch: Scratch, { words }: JobList): number {
  const to = scratch.words(words.length);
  // A plain loop: engines take longer to copy a list of numbers that is so short.
  for (let i = 0; i < words.length; i++) to[i] = words[i] as number;
  return to.byteOffset;
}
