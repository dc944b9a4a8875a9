/** The three calls of a pool, made of arguments that were checked but for `options`. Both kinds of pool make theirs here. */
import { checkOut, checkOutMaps, checkOutWithIndices } from '../arguments/call-arguments.js';
import { checkOptions } from '../arguments/checks.js';
import type { CheckedTensor } from '../arguments/tensors.js';
import type { OutOption } from '../core/result-types.js';
import type { MapType, RealType, TensorLike } from '../core/tensor.js';
import { Operand } from '../memory/operand.js';
import { Call } from './call.js';
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
  const output = Operand.result(type, outputDims, checkOut(out, type, outputDims, 'options.out'));
  const parts = { operation, planner, batch, rois, maps: maps.map(Operand.input), output };
  return new Call(pool, parts, (callMemory) => callMemory.tensorOf(output) as R);
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
  const output = Operand.result(type, outputDims, out.output);
  const indices = Operand.result('int32', outputDims, out.indices);
  const parts = { operation, planner, batch, rois, maps: maps.map(Operand.input), output, indices };
  return new Call(pool, parts, (callMemory) => {
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
  const maps = batch.shapes.map(({ dims }, i) => Operand.result(type, dims, outs[i]));
  const output = Operand.input(gradOutput);
  const parts = { operation, planner, batch, rois, maps, output, indices: indices && Operand.input(indices) };
  return new Call(pool, parts, (callMemory) => {
    const gradients = maps.map((map) => callMemory.tensorOf(map));
    return (batch.ragged ? gradients : gradients[0]) as R;
  });
}
