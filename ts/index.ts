/// <reference lib="esnext.disposable" preserve="true" />

/**
 * Spatial pyramid pooling for browsers, Node and the edge: forward and backward, with PyTorch's bits.
 *
 * @packageDocumentation
 */
export { attachRuntime } from './attach.js';
export type { Bins, Bounds, LevelBounds } from './bins.js';
export { PyramidPoolError, type PyramidPoolErrorCode } from './errors.js';
export type { Layout, SpatialDims } from './feature-map.js';
export type { RuntimeHandle, TensorHandle } from './handles.js';
export type { WasmSource } from './instantiate.js';
export type { Grid, Level } from './levels.js';
export type { PyramidPoolOptions, Reduction, ResolvedOptions } from './options.js';
export {
  type BackwardContext,
  createPyramidPool,
  type Gradient,
  type MapDims,
  type MapGradient,
  type OutOption,
  type OutputWithIndices,
  type PyramidPool,
} from './pyramid-pool.js';
export type { ResidentTensor } from './resident.js';
export type { ResolvedRoiOptions, RoiPyramidPoolOptions, RoiRule } from './roi-options.js';
export { createRoiPyramidPool, type RoiBackwardContext, type RoiPyramidPool } from './roi-pyramid-pool.js';
export { createRuntime, type Runtime, type RuntimeOptions } from './runtime.js';
export { chooseScale, type ScaleOptions, scaleWindow, type Window } from './scales.js';
export type { DataOf, DataType, HalfArray, MapType, RealType, Tensor, TensorLike, TypeOf } from './tensor.js';
export type { Variant } from './variant.js';
