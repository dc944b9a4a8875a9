/// <reference lib="esnext.disposable" preserve="true" />

/**
 * Spatial pyramid pooling for browsers, Node and the edge: forward and backward, with PyTorch's bits.
 *
 * @packageDocumentation
 */
export type { Bins, Bounds, LevelBounds } from './bins.js';
export { PyramidPoolError, type PyramidPoolErrorCode } from './errors.js';
export type { Layout } from './feature-map.js';
export type { WasmSource } from './instantiate.js';
export type { Grid, Level } from './levels.js';
export type { PyramidPoolOptions, Reduction, ResolvedOptions } from './options.js';
export {
  type BackwardContext,
  createPyramidPool,
  type OutOption,
  type OutputWithIndices,
  type PyramidPool,
  type RaggedBackwardContext,
} from './pyramid-pool.js';
export type { ResidentTensor } from './resident.js';
export { createRuntime, type Runtime, type RuntimeOptions } from './runtime.js';
export type { DataOf, DataType, Tensor, TensorLike } from './tensor.js';
export type { Variant } from './variant.js';
