/** The type of half-precision elements: `Float16Array` where the host has it, and else their bits. */
export type HalfArray =
  | Uint16Array
  | (typeof globalThis extends { Float16Array: { prototype: infer A } } ? A : never);

/** Element types, as ONNX Runtime names them, and the typed array each lives in. */
export interface DataOf {
  float32: Float32Array;
  float16: HalfArray;
  int8: Int8Array;
  uint8: Uint8Array;
  int32: Int32Array;
}

/** The name of an element type. Maps have all but `int32`, which is the type of indices. */
export type DataType = keyof DataOf;

/** Types that feature maps come in. */
export type MapType = Exclude<DataType, 'int32'>;

/** Types that averages and gradients are counted in. */
export type RealType = 'float32' | 'float16';

// Marked, since bundlers hold that reading a global may do something, and would keep all this.
const Half = /* @__PURE__ */ findHalf();

function findHalf(): Uint16ArrayConstructor {
  return (globalThis as { Float16Array?: Uint16ArrayConstructor }).Float16Array ?? Uint16Array;
}

/**
 * What is known of each type: `array` is what results come in; `raw` is what copies go through, bits for halves, since
 * copying between arrays of different types would convert numbers; `tags` are the arrays that are taken for it; and
 * `element` is the crate's number for a map of it.
 */
export const dataTypes = {
  float32: { array: Float32Array, raw: Float32Array, tags: ['Float32Array'], element: 0 },
  float16: { array: Half, raw: Uint16Array, tags: ['Float16Array', 'Uint16Array'], element: 1 },
  int8: { array: Int8Array, raw: Int8Array, tags: ['Int8Array'], element: 2 },
  uint8: { array: Uint8Array, raw: Uint8Array, tags: ['Uint8Array', 'Uint8ClampedArray'], element: 3 },
  int32: { array: Int32Array, raw: Int32Array, tags: ['Int32Array'], element: -1 },
} as const;

/** The array that copies of a type go through. */
export type RawOf = { [T in DataType]: (typeof dataTypes)[T]['raw']['prototype'] };

export type RawArray = RawOf[DataType];

/** Bytes of one element. */
export function bytesOf(type: DataType): number {
  return dataTypes[type].raw.BYTES_PER_ELEMENT;
}

/** Bytes of a word: what jobs, indices and bounds of bins are counted in. */
export const WORD_BYTES = 4;

/** Anything with `data` and `dims` is taken as a tensor, so an `ort.Tensor` goes in as it is. */
export interface TensorLike {
  /**
   * The elements in row-major order: a `Float32Array`, `Float16Array`, `Int8Array` or `Uint8Array`, or an `Int32Array`
   * where indices are asked for. A `Uint16Array` holds halves where the tensor's `type` is `'float16'`.
   */
  readonly data: object;
  /** The sizes of the axes. */
  readonly dims: readonly number[];
}

/** A tensor of one element type, whose elements are in the array `D`. */
export interface TypedTensor<T extends DataType, D extends object = DataOf[T]> extends TensorLike {
  readonly data: D;
  readonly type: T;
  /** Number of elements. */
  readonly size: number;
}

/**
 * What calls return: a tensor in ordinary memory, or one that lives in a runtime's. Of several element types, `type` tells
 * which array `data` is.
 */
export type Tensor<T extends DataType = DataType> = { [K in T]: TypedTensor<K> }[T];

export function makeTensor<T extends DataType>(type: T, raw: RawArray, dims: readonly number[]): Tensor<T> {
  return { data: publicArray(type, raw), dims: [...dims], type, size: raw.length } as TypedTensor<T>;
}

/** The same elements in the array that users of the type expect. */
export function publicArray<T extends DataType>(type: T, raw: RawArray): DataOf[T] {
  const { array } = dataTypes[type];
  const isSame = array === dataTypes[type].raw;
  return (isSame ? raw : new array(raw.buffer as ArrayBuffer, raw.byteOffset, raw.length)) as DataOf[T];
}

/** Number of elements of a tensor with these sizes. */
export function countElements(dims: readonly number[]): number {
  // A plain loop: calls come by here several times.
  let product = 1;
  for (let axis = 0; axis < dims.length; axis++) product *= dims[axis] as number;
  return product;
}
