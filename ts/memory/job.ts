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

/** One map of a call in numbers: addresses in WASM memory and sizes. */
export interface Job {
  readonly plan: number;
  readonly batch: number;
  readonly channels: number;
  readonly operation: number;
  /** The feature map, or the gradient with respect to it. */
  readonly input: number;
  /** The output, or the gradient with respect to it. */
  readonly output: number;
  readonly indices: number;
  /** The type of input and output, by the crate's number. */
  readonly element: number;
}

/** The jobs of one call, and what deciding how to run them takes. */
export interface JobList {
  readonly jobs: readonly Job[];
  /** Bytes of working memory that a thread needs to run any of them. */
  readonly scratchBytes: number;
  /** Elements of all feature maps: what the time of every operation grows with. */
  readonly elements: number;
}

/** Words of a job in memory, where the crate reads them. */
const JOB_WORDS = 8;

/** Writes jobs to memory that is theirs until they are done. Gives the address. */
export function writeJobs(scratch: Scratch, jobs: readonly Job[]): number {
  const words = scratch.words(jobs.length * JOB_WORDS);
  let at = 0;
  for (const job of jobs) {
    words[at] = job.plan;
    words[at + 1] = job.batch;
    words[at + 2] = job.channels;
    words[at + 3] = job.operation;
    words[at + 4] = job.input;
    words[at + 5] = job.output;
    words[at + 6] = job.indices;
    words[at + 7] = job.element;
    at += JOB_WORDS;
  }
  return words.byteOffset;
}
