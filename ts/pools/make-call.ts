/** The three calls of a pool, made of arguments that were checked but for `options`. Both kinds of pool make theirs here. */
import { checkOut, checkOutMaps, checkOutWithIndices } from '../arguments/call-arguments.js';
import { checkOptions } from '../arguments/checks.js';
import type { CheckedTensor } from '../arguments/tensors.js';
import type { OutOption } from '../core/result-types.js';
import type { MapType, RealType, TensorLike } from '../core/tensor.js';
import type { CallMemory } from '../memory/call-memory.js';
import { inputOperand, type Operand, resultOperand } from '../memory/operand.js';
import type { Call } from './call.js';
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
  const inputs = maps.map(inputOperand);
  const parts = { operation, planner, batch, rois, maps: inputs, output };
  const result = (callMemory: CallMemory) => callMemory.tensorOf(output) as R;
  return { pool, parts, operands: [...inputs, output], result };
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
  const inputs = maps.map(inputOperand);
  const parts = { operation, planner, batch, rois, maps: inputs, output, indices };
  const result = (callMemory: CallMemory) =>
    ({ output: callMemory.tensorOf(output), indices: callMemory.tensorOf(indices) }) as R;
  return { pool, parts, operands: [...inputs, output, indices], result };
}

/** A call that makes the gradient with respect to each map of that of the output. */
export function backwardCall<R>(
  pool: Pool,
  { operation, planner, batch, rois }: CallKind,
  gradOutput: CheckedTensor<RealType>,
  checkedIndices: CheckedTensor<'int32'> | undefined,
  options: OutOption<TensorLike | readonly TensorLike[]> | undefined,
): Call<R> {
  const { type } = gradOutput;
  const { out } = checkOptions(options, 'options', ['out']);
  const outs = checkOutMaps(out, type, batch);
  const maps = batch.shapes.map(({ dims }, i) => resultOperand(type, dims, outs[i]));
  const output = inputOperand(gradOutput);
  const indices = checkedIndices && inputOperand(checkedIndices);
  const inputs: Operand[] = indices ? [output, indices] : [output];
  const parts = { operation, planner, batch, rois, maps, output, indices };
  const result = (callMemory: CallMemory) =>
    (batch.ragged
      ? maps.map((map) => callMemory.tensorOf(map))
      : callMemory.tensorOf(maps[0] as Operand)) as R;
  return { pool, parts, operands: inputs.concat(maps), result };
}
