/**
 * The types of what calls return, worked out from the types of what they are given.
 *
 * TypeScript made its typed arrays generic in 5.7: there `Float32Array.of` returns a `Float32Array<ArrayBuffer>`, and
 * before that a `Float32Array`. So the return types of `of` name the array over ordinary memory in every version.
 */
import type { DataType, HalfArray, MapType, RealType, TensorLike, TypedTensor } from './tensor.js';

type Uint16Plain = ReturnType<typeof Uint16Array.of>;

type Float16Plain = typeof globalThis extends {
  Float16Array: { of(...items: number[]): infer A extends object };
}
  ? A
  : never;

/** The typed array that a new result of each element type comes in: over an `ArrayBuffer`, never over shared memory. */
export interface PlainDataOf {
  float32: ReturnType<typeof Float32Array.of>;
  float16: Uint16Plain | Float16Plain;
  int8: ReturnType<typeof Int8Array.of>;
  uint8: ReturnType<typeof Uint8Array.of>;
  int32: ReturnType<typeof Int32Array.of>;
}

/**
 * A tensor in ordinary memory, as calls return it where they are not given `out`: `type` tells which array `data` is.
 * `Halves` is the array of halves.
 *
 * @example
 * const pooled = pool.forward(featureMap);
 * if (pooled.type === 'float32') await crypto.subtle.digest('SHA-256', pooled.data);
 */
export type PlainTensor<T extends DataType = DataType, Halves extends object = PlainDataOf['float16']> = {
  [K in T]: TypedTensor<K, K extends 'float16' ? Halves : PlainDataOf[K]>;
}[T];

/** The element type of an array; `never` for an array that no feature map comes in. */
type TypeOfArray<D> = D extends Float32Array
  ? 'float32'
  : D extends Int8Array
    ? 'int8'
    : D extends Uint8Array | Uint8ClampedArray
      ? 'uint8'
      : D extends HalfArray
        ? 'float16'
        : ArrayBufferView extends D
          ? MapType
          : never;

/** The element types that a tensor may have by its static type: all of them where that does not tell. */
export type TypeOf<T extends TensorLike> = [TypeOfArray<T['data']>] extends [never]
  ? MapType
  : TypeOfArray<T['data']>;

/**
 * The array that halves come back in: the one that the type of the input names. ONNX Runtime's types name `Uint16Array`,
 * also where it gives a `Float16Array`, and take nothing else back.
 */
export type HalvesOf<T extends TensorLike> = [Extract<T['data'], HalfArray>] extends [never]
  ? PlainDataOf['float16']
  : PlainHalves<Extract<T['data'], HalfArray>>;

type PlainHalves<D> = D extends Uint16Array ? Uint16Plain : Float16Plain;

/** A pooled feature map: of the type of the map. */
export type Pooled<T extends TensorLike> = PlainTensor<TypeOf<T>, HalvesOf<T>>;

/** The gradient that goes with a gradient of this type. */
export type Gradient<G extends TensorLike> = PlainTensor<Extract<TypeOf<G>, RealType>, HalvesOf<G>>;

/** A tensor to write a result to, instead of a new one. */
export interface OutOption<O = TensorLike> {
  out?: O;
}

/** Options that name no `out`. */
export type NoOut = Record<never, never>;

/**
 * What a call returns: the very object that it was given as `out`, or else a new result.
 *
 * @example
 * const out = runtime.tensor(pool.outputDims(featureMap.dims));
 * const same: ResidentTensor<'float32'> = pool.forward(featureMap, { out }); // same === out
 */
export type OutOr<Options extends OutOption<unknown>, New> = Options extends { readonly out: infer O }
  ? O extends undefined
    ? New
    : O
  : Options extends { readonly out?: infer O }
    ? unknown extends O
      ? New
      : New | Exclude<O, undefined>
    : New;
