/**
 * What is done with a map: `forward` and `indices` (forward with indices) and `backward` over tensors that lie where the
 * engine wants them, `arrays` forward from a plain array to a plain array.
 */
export type Operation = 'forward' | 'indices' | 'backward' | 'arrays';

export const operations: readonly Operation[] = ['forward', 'indices', 'backward', 'arrays'];

/** Results of one run, in the order of `expected` of the work. */
export type Answer = readonly (Float32Array | Int32Array)[];
