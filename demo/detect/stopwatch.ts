/** The parts that the time of a detector is spent in, in milliseconds. */
export interface Times {
  convolutions: number;
  pooling: number;
  /** The fully connected layers. */
  connected: number;
  /** Proposing windows, cutting them out, and making boxes of what was found. */
  rest: number;
}

export function noTimes(): Times {
  return { convolutions: 0, pooling: 0, connected: 0, rest: 0 };
}

/** Does the work, and adds what it took to a part. */
export function timed<T>(times: Times, part: keyof Times, work: () => T): T {
  const started = performance.now();
  const result = work();
  times[part] += performance.now() - started;
  return result;
}
