/// <reference lib="esnext.disposable" preserve="true" />

/**
 * Spatial pyramid pooling for browsers, Node and the edge: forward and backward, with PyTorch's bits.
 *
 * @packageDocumentation
 */

export type { Layout, OutputOrder, SpatialDims } from './arguments/feature-map.js';
export type { Grid, Level } from './arguments/levels.js';
export { PyramidPoolError, type PyramidPoolErrorCode } from './core/errors.js';
export type {
  ResponseLike,
  ScriptUrl,
  TrustedScriptUrlLike,
  UrlLike,
  WebAssemblyMemory,
  WebAssemblyModule,
} from './core/host-types.js';
export type {
  Gradient,
  HalvesOf,
  NoOut,
  OutOption,
  OutOr,
  PlainDataOf,
  PlainTensor,
  Pooled,
  TypeOf,
} from './core/result-types.js';
export type {
  DataOf,
  DataType,
  HalfArray,
  MapType,
  RealType,
  Tensor,
  TensorLike,
  TypedTensor,
} from './core/tensor.js';
export type { Variant } from './core/variant.js';
export type { RuntimeHandle, TensorHandle } from './memory/handle.js';
export type { ResidentTensor } from './memory/resident-tensor.js';
export type { Bins, Bounds, LevelBounds } from './plans/bins.js';
export type { PyramidPoolOptions, Reduction, ResolvedOptions } from './pools/options.js';
export type { OutputWithIndices } from './pools/pool.js';
export {
  type BackwardContext,
  createPyramidPool,
  type MapDims,
  type MapGradient,
  type PyramidPool,
} from './pools/pyramid-pool.js';
export { rmacRegions } from './pools/rmac-regions.js';
export type { ResolvedRoiOptions, RoiPyramidPoolOptions, RoiRule } from './pools/roi-options.js';
export {
  createRoiPyramidPool,
  type RoiBackwardContext,
  type RoiPyramidPool,
} from './pools/roi-pyramid-pool.js';
export { chooseScale, type ScaleOptions, scaleWindow, type Window } from './pools/scales.js';
export { attachRuntime } from './runtime/attach.js';
export type { WasmSource } from './runtime/instantiate.js';
export { createRuntime, type Runtime, type RuntimeOptions } from './runtime/runtime.js';
export type { ThreadState } from './threads/thread-pool.js';
