/** What went wrong, for programs: stable across versions, while messages may change. */
export type PyramidPoolErrorCode =
  /** An option is unknown or has a value it cannot have. */
  | 'invalid-options'
  /** `levels` is empty, or one of them is not a positive whole number of bins. */
  | 'invalid-levels'
  /** The rule of `bins` does not give the bins of a level for the size of a map. */
  | 'invalid-bins'
  /** `dims` has the wrong rank, a size that is not a whole number, or does not fit the call. */
  | 'invalid-dims'
  /** `data` is not the typed array that is needed, or not as long as its `dims` say. */
  | 'invalid-data'
  /** A region names no item of the batch, or has a coordinate that is not finite. */
  | 'invalid-regions'
  /** An index points outside its plane. */
  | 'invalid-indices'
  /** A result shares memory with another tensor of the same call. */
  | 'overlap'
  /** The pool, tensor or runtime was disposed. */
  | 'disposed'
  /** A handle is none, or leads to another runtime's memory. */
  | 'invalid-handle'
  /** The runtime's memory cannot be shared with other threads: that takes the variant `simd-threads`. */
  | 'not-shared'
  /** WASM memory cannot grow any further. */
  | 'out-of-memory'
  /** The WASM given in place of the built-in one does not load or is not the variant asked for. */
  | 'invalid-wasm'
  /**
   * This host cannot run any variant, or forbids what it takes: it has no WebAssembly, or no `import()`. Or tfjs was asked
   * for a gradient of second order.
   */
  | 'unsupported'
  /** A file of this package could not be loaded, for instance since the network failed. */
  | 'load-failed'
  /** A worker died in the middle of a job. The runtime goes on without workers. */
  | 'worker-failed'
  /** The runtime's WebAssembly trapped. Nothing runs in that runtime any more: make another one, and pools with it. */
  | 'runtime-broken'
  /** A model is no ONNX file, or a damaged one. */
  | 'invalid-model'
  /** A model uses a version of ONNX's or this package's operators, or a form of them, that is not known here. */
  | 'unsupported-model'
  /** A model, or a file of its weights, was not given or cannot be loaded. */
  | 'missing-data'
  /** A model has no value of that name. */
  | 'unknown-value'
  /** What a model is fed has another name, type or size than it takes. */
  | 'invalid-feeds'
  /** ONNX Runtime refused a model, or failed to run it. */
  | 'session-failed';

/** What an error of somebody else says. */
export function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

/**
 * Every error this package throws on purpose. A call that throws one has written nothing and may be repeated; where a
 * worker failed or the runtime was disposed meanwhile, a tensor given as `out` may be half written.
 *
 * What getters or proxies among the arguments throw comes out as it is, but for those of a tensor, which give
 * `invalid-data`.
 *
 * @example
 * ```js
 * import { createPyramidPool, PyramidPoolError } from 'pyramid-pool';
 *
 * const pool = await createPyramidPool({ levels: [4, 2, 1] });
 * try {
 *   pool.forward({ data: new Float32Array(100), dims: [1, 256, 13, 13] });
 * } catch (error) {
 *   console.log(error instanceof PyramidPoolError, error.code); // true invalid-data
 * }
 * ```
 */
export class PyramidPoolError extends Error {
  override readonly name = 'PyramidPoolError';

  constructor(
    readonly code: PyramidPoolErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Whether this package threw an error with a code. */
export function hasCode(error: unknown, code: PyramidPoolErrorCode): error is PyramidPoolError {
  return error instanceof PyramidPoolError && error.code === code;
}
