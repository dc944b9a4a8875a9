/** The three calls of a pool, made of arguments that were checked but for `options`. Both kinds of pool make theirs here. */
import { checkOut, checkOutMaps, checkOutWithIndices } from '../arguments/call-arguments.js';
import { checkOptions } from '../arguments/checks.js';
import type { CheckedTensor } from '../arguments/tensors.js';
import type { OutOption } from '../core/result-types.js';
import type { MapType, RealType, TensorLike } from '../core/tensor.js';
import { inputOperand, resultOperand } from '../memory/operand.js';
import { type Call, makeCall } from './call.js';
import type { CallParts } from './call-parts.js';
import type { OutputWithIndices, Pool } from './pool.js';

/** What is known of a call before its tensors. */
type CallKind = Pick<CallParts, 'operation' | 'planner' | 'batch' | 'rois'>;

/** A call that makes an output of maps. */
export function forwardCall<R>(
  pool: Pool,
  { operation, planner, batch, rois }: CallKind,
  maps: readonly CheckedTensor<MapType>[],
  options: OutOption | undefined,
): Call<R> {
  const { outputDims } = batch;
  const { type } = maps[0] as CheckedTensor<MapType>;
  const { out } = checkOptions(options, 'options', ['out']);
  const output = resultOperand(type, outputDims, checkOut(out, type, outputDims, 'options.out'));
  const parts = { operation, planner, batch, rois, maps: maps.map(inputOperand), output };
  return makeCall(pool, parts, (callMemory) => callMemory.tensorOf(output) as R);
}

/** A call that makes an output of maps, and the indices of its values. */
export function forwardWithIndicesCall<R>(
  pool: Pool,
  { operation, planner, batch, rois }: CallKind,
  maps: readonly CheckedTensor<MapType>[],
  options: OutOption<OutputWithIndices<TensorLike, TensorLike>> | undefined,
): Call<R> {
  const { outputDims } = batch;
  const { type } = maps[0] as CheckedTensor<MapType>;
  const out = checkOutWithIndices(options, type, outputDims);
  const output = resultOperand(type, outputDims, out.output);
  const indices = resultOperand('int32', outputDims, out.indices);
  const parts = { operation, planner, batch, rois, maps: maps.map(inputOperand), output, indices };
  return makeCall(pool, parts, (callMemory) => {
    return { output: callMemory.tensorOf(output), indices: callMemory.tensorOf(indices) } as R;
  });
}

/** A call that makes the gradient with respect to each map of that of the output. */
export function backwardCall<R>(
  pool: Pool,
  { operation, planner, batch, rois }: CallKind,
  gradOutput: CheckedTensor<RealType>,
  indices: CheckedTensor<'int32'> | undefined,
  options: OutOption<TensorLike | readonly TensorLike[]> | undefined,
): Call<R> {
  const { type } = gradOutput;
  const { out } = checkOptions(options, 'options', ['out']);
  const outs = checkOutMaps(out, type, batch);
  const maps = batch.shapes.map(({ dims }, i) => resultOperand(type, dims, outs[i]));
  const output = inputOperand(gradOutput);
  const parts = { operation, planner, batch, rois, maps, output, indices: indices && inputOperand(indices) };
  return makeCall(pool, parts, (callMemory) => {
    const gradients = maps.map((map) => callMemory.tensorOf(map));
    return (batch.ragged ? gradients : gradients[0]) as R;
  });
}
