/// <reference lib="esnext.disposable" preserve="true" />

/**
 * ONNX models with adaptive pooling: run with this package's kernels in ONNX Runtime, or made portable to any runtime.
 *
 * @packageDocumentation
 */
export type { PoolLevel, PoolOperator } from './domain.js';
export { createModel, type OnnxModel } from './onnx-model.js';
export type { ModelOptions, Pooling, PyramidOption } from './options.js';
export type {
  FeedsOf,
  OrtMetadata,
  OrtModule,
  OrtSession,
  OrtTensor,
  ResultsOf,
  SessionOptionsOf,
} from './ort.js';
export type { ModelValue, PoolInfo } from './plan.js';
export { makePortable, type PortableOptions } from './portable.js';
export type { ModelBytes, ModelSource } from './source.js';
