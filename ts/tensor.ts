/** Element types, as ONNX Runtime names them, and the typed array each lives in. */
export interface DataOf {
  float32: Float32Array;
  int32: Int32Array;
}

export type DataType = keyof DataOf;

export const arrayOf = { float32: Float32Array, int32: Int32Array } as const;

/** Both types have four bytes an element. */
export const ELEMENT_BYTES = 4;

/** Anything with `data` and `dims` is taken as a tensor, so an `ort.Tensor` goes in as it is. */
export interface TensorLike {
  /** The elements in row-major order: a `Float32Array`, or an `Int32Array` where indices are asked for. */
  readonly data: object;
  /** The sizes of the axes. */
  readonly dims: readonly number[];
}

/** What calls return: a tensor in ordinary memory, or one that lives in a runtime's. */
export interface Tensor<T extends DataType = DataType> extends TensorLike {
  readonly data: DataOf[T];
  readonly type: T;
  /** Number of elements. */
  readonly size: number;
}

export function makeTensor<T extends DataType>(type: T, data: DataOf[T], dims: readonly number[]): Tensor<T> {
  return { data, dims: [...dims], type, size: data.length };
}

/** Number of elements of a tensor with these sizes. */
export function countElements(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}
