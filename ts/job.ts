/** What a job does: the numbers are the crate's. */
export const operations = {
  forward: 0,
  forwardWithIndices: 1,
  backward: 2,
  average: 3,
  averageBackward: 4,
} as const;

/** One call in numbers: addresses in WASM memory and sizes. */
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
}

/** Words of a job in memory, where the crate reads them. */
export const JOB_WORDS = 7;

export function writeJob(words: Int32Array, job: Job): void {
  words[0] = job.plan;
  words[1] = job.batch;
  words[2] = job.channels;
  words[3] = job.operation;
  words[4] = job.input;
  words[5] = job.output;
  words[6] = job.indices;
}
