/**
 * Spatial pyramid pooling for TensorFlow.js: an operation with its gradient, and a layer for models.
 *
 * @packageDocumentation
 */
export { SpatialPyramidPooling, type SpatialPyramidPoolingArgs } from './layer.js';
export { type SpatialPyramidPool, type SpatialPyramidPoolOptions, spatialPyramidPool } from './op.js';
