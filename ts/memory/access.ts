import type { Kernels } from '../core/variant.js';

/** The tensors of a call in the block that they share. */
export interface Views {
  readonly map: Float32Array;
  readonly output: Float32Array;
  readonly indices: Int32Array;
}

/**
 * What the short way of calls needs of a memory, at hand in one object. It is dropped when any of it changes, and of no use any more when
 * memory has grown: then its array has no elements.
 */
export interface Access {
  /** All of the memory. */
  readonly words: Int32Array;
  readonly run: Kernels['run'];
  readonly firstBadIndex: Kernels['first_bad_index'];
  /** Address of a job. */
  readonly job: number;
  /** Address of working memory, and how many bytes it has. */
  readonly scratch: number;
  readonly scratchBytes: number;
  /** Address of a block for the tensors of a call, and how many bytes it has. */
  readonly block: number;
  readonly blockBytes: number;
  /** The tensors of calls that were made before, by what describes them. Here, so that nothing else holds the memory. */
  readonly views: WeakMap<object, Views>;
}
