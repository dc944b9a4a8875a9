/** The three calls of a pool, made of arguments that were checked but for `options`. Both kinds of pool make theirs here. */
import { checkOut, checkOutMaps, checkOutWithIndices } from '../arguments/call-arguments.js';
import { checkOptions } from '../arguments/checks.js';
import type { FeatureMapShape } from '../arguments/feature-map.js';
import type { CheckedTensor } from '../arguments/tensors.js';
import type { OutOption } from '../core/result-types.js';
import type { MapType, RealType, TensorLike } from '../core/tensor.js';
import { inputOperand, type Operand, resultOperand } from '../memory/operand.js';
import type { Call } from './call.js';
import type { OutputWithIndices } from './pool.js';

/** What is known of a call before its tensors. */
export type CallKind = Pick<Call, 'pool' | 'operation' | 'planner' | 'batch' | 'rois'>;

/**
 * The maps that a call reads. A plain loop, as others on the way of a call: V8 makes arrays of another kind by `map` once it has
 * optimized the caller, and then throws away the code of all functions that have only seen the first kind.
 */
function inputOperands(tensors: readonly CheckedTensor<MapType>[]): Operand<MapType>[] {
  const operands: Operand<MapType>[] = [];
  for (let i = 0; i < tensors.length; i++) operands.push(inputOperand(tensors[i] as CheckedTensor<MapType>));
  return operands;
}

/** A call that makes an output of maps. */
export function forwardCall(
  { pool, operation, planner, batch, rois }: CallKind,
  tensors: readonly CheckedTensor<MapType>[],
  options: OutOption | undefined,
): Call {
  const { outputDims } = batch;
  const { type } = tensors[0] as CheckedTensor<MapType>;
  const { out } = checkOptions(options, 'options', ['out']);
  const output = resultOperand(type, outputDims, checkOut(out, type, outputDims, 'options.out'));
  const maps = inputOperands(tensors);
  const operands = [...maps, output];
  return { pool, operation, planner, batch, maps, output, indices: undefined, rois, operands };
}

/** A call that makes an output of maps, and the indices of its values. */
export function forwardWithIndicesCall(
  { pool, operation, planner, batch, rois }: CallKind,
  tensors: readonly CheckedTensor<MapType>[],
  options: OutOption<OutputWithIndices<TensorLike, TensorLike>> | undefined,
): Call {
  const { outputDims } = batch;
  const { type } = tensors[0] as CheckedTensor<MapType>;
  const out = checkOutWithIndices(options, type, outputDims);
  const output = resultOperand(type, outputDims, out.output);
  const indices = resultOperand('int32', outputDims, out.indices);
  const maps = inputOperands(tensors);
  const operands = [...maps, output, indices];
  return { pool, operation, planner, batch, maps, output, indices, rois, operands };
}

/** A call that makes the gradient with respect to each map of that of the output. */
export function backwardCall(
  { pool, operation, planner, batch, rois }: CallKind,
  gradOutput: CheckedTensor<RealType>,
  checkedIndices: CheckedTensor<'int32'> | undefined,
  options: OutOption<TensorLike | readonly TensorLike[]> | undefined,
): Call {
  const { type } = gradOutput;
  const { out } = checkOptions(options, 'options', ['out']);
  const outs = checkOutMaps(out, type, batch);
  const output = inputOperand(gradOutput);
  const indices = checkedIndices && inputOperand(checkedIndices);
  const maps: Operand<MapType>[] = [];
  const operands: Operand[] = indices ? [output, indices] : [output];
  for (let i = 0; i < batch.shapes.length; i++) {
    const { dims } = batch.shapes[i] as FeatureMapShape;
    const map = resultOperand(type, dims, outs?.[i]);
    maps.push(map);
    operands.push(map);
  }
  return { pool, operation, planner, batch, maps, output, indices, rois, operands };
}
