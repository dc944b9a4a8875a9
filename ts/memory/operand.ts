import type { CheckedTensor } from '../arguments/tensors.js';
import { bytesOf, countElements, type DataType } from '../core/tensor.js';
import type { TensorBlock } from './resident-tensor.js';

/** A tensor of a call: one that it reads, or a result. */
export class Operand<T extends DataType = DataType> {
  /** Where its elements lie in WASM memory, once the call has memory. */
  address = 0;
  /** Its memory if it is a tensor that lives there, held until the call is over. */
  resident: TensorBlock | undefined;
  readonly bytes: number;

  private constructor(
    readonly type: T,
    readonly dims: readonly number[],
    /** Number of elements. */
    readonly size: number,
    readonly isResult: boolean,
    /** The tensor that is read, or that a result is written to: undefined for a result that is a new tensor. */
    readonly tensor: CheckedTensor<T> | undefined,
  ) {
    this.bytes = size * bytesOf(type);
  }

  /** A tensor that the call reads. */
  static input<T extends DataType>(tensor: CheckedTensor<T>): Operand<T> {
    return new Operand(tensor.type, tensor.dims, tensor.size, false, tensor);
  }

  /** A result, which goes to `out` where the caller gave that. */
  static result<T extends DataType>(
    type: T,
    dims: readonly number[],
    out: CheckedTensor<T> | undefined,
  ): Operand<T> {
    return new Operand(type, dims, countElements(dims), true, out);
  }
}
