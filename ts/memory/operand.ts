import type { CheckedTensor } from '../arguments/tensors.js';
import { bytesOf, countElements, type DataType } from '../core/tensor.js';
import type { TensorBlock } from './resident-tensor.js';

/** A tensor of a call: one that it reads, or a result. An object and no class: every call makes some, and engines make fields one by one. */
export interface Operand<T extends DataType = DataType> {
  readonly type: T;
  readonly dims: readonly number[];
  /** Number of elements. */
  readonly size: number;
  readonly bytes: number;
  readonly isResult: boolean;
  /** The tensor that is read, or that a result is written to: undefined for a result that is a new tensor. */
  readonly tensor: CheckedTensor<T> | undefined;
  /** Where its elements lie in WASM memory, once the call has memory. */
  address: number;
  /** Its memory if it is a tensor that lives there, held until the call is over. */
  resident: TensorBlock | undefined;
}

/** A tensor that a call reads. */
export function inputOperand<T extends DataType>(tensor: CheckedTensor<T>): Operand<T> {
  return operand(tensor.type, tensor.dims, tensor.size, false, tensor);
}

/** A result, which goes to `out` where the caller gave that. */
export function resultOperand<T extends DataType>(
  type: T,
  dims: readonly number[],
  out: CheckedTensor<T> | undefined,
): Operand<T> {
  return operand(type, dims, countElements(dims), true, out);
}

function operand<T extends DataType>(
  type: T,
  dims: readonly number[],
  size: number,
  isResult: boolean,
  tensor: CheckedTensor<T> | undefined,
): Operand<T> {
  return { type, dims, size, bytes: size * bytesOf(type), isResult, tensor, address: 0, resident: undefined };
}
