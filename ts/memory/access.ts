import type { Kernels } from '../core/variant.js';

/**
 * What the short way of calls needs of a memory, at hand in one object. It is dropped when any of it changes, and of no use any more when
 * memory has grown: then its arrays have no elements.
 */
export interface Access {
  /** All of the memory, and two views of it, from which engines take long to get the buffer. */
  readonly buffer: ArrayBuffer;
  readonly floats: Float32Array;
  readonly words: Int32Array;
  readonly run: Kernels['run_checked'];
  /** Address of a job. */
  readonly job: number;
  /** Address of working memory, and how many bytes it has. */
  readonly scratch: number;
  readonly scratchBytes: number;
  /** Address of a block for the tensors of a call, and how many bytes it has. */
  readonly block: number;
  readonly blockBytes: number;
}
