import { type DataType, dataTypes, type MapType } from '../core/tensor.js';
import type { Batch } from './batch.js';
import {
  type CheckedTensor,
  checkOptions,
  checkSameDims,
  checkTensor,
  describeValue,
  fail,
  mapList,
} from './checks.js';

/** A tensor of a call: as the caller gave it, with its parts checked, and its name in messages. */
export interface TensorArgument<T extends DataType = DataType> {
  readonly tensor: CheckedTensor<T>;
  readonly value: unknown;
  readonly path: string;
}

/** The maps of a call, and the type they share. */
export interface MapArguments<T extends MapType> {
  readonly maps: readonly TensorArgument<T>[];
  readonly type: T;
}

/** Checks the maps of a call, one or a list of them, to be of one of `types`, and all of the same. */
export function checkMaps<T extends MapType>(input: unknown, types: readonly T[]): MapArguments<T> {
  if (!Array.isArray(input)) {
    const map = checkTensorArgument(input, types, 'input');
    return { maps: [map], type: map.tensor.type };
  }
  const maps = mapList(input, 'input', 'invalid-data', (map, i) =>
    checkTensorArgument(map, types, `input[${i}]`),
  );
  const type = maps[0]?.tensor.type ?? (types[0] as T);
  const other = maps.find(({ tensor }) => tensor.type !== type);
  if (other) {
    fail('invalid-data', other.path, `is of ${other.tensor.type}`, `of ${type}, as input[0] is`);
  }
  return { maps, type };
}

/** Checks `out` of `backward`: a tensor like the map, or a list of them. */
export function checkOutMaps<T extends DataType>(
  out: unknown,
  type: T,
  { shapes, ragged }: Batch,
): (TensorArgument<T> | undefined)[] {
  const list = ragged ? out : [out];
  if (out === undefined) return [];
  if (!Array.isArray(list) || list.length !== shapes.length) {
    fail('invalid-data', 'options.out', `is ${describeValue(out)}`, `a list of ${shapes.length} tensors`);
  }
  return shapes.map(({ dims }, i) =>
    checkOut(list[i], type, dims, ragged ? `options.out[${i}]` : 'options.out'),
  );
}

/** A tensor that the caller must give, of one of some types. */
export function checkTensorArgument<T extends DataType>(
  value: unknown,
  types: readonly T[],
  path: string,
): TensorArgument<T> {
  return { tensor: checkTensor(value, path, types), value, path };
}

/** A tensor that the caller may give, to be written. */
export function checkOut<T extends DataType>(
  out: unknown,
  type: T,
  dims: readonly number[],
  path: string,
): TensorArgument<T> | undefined {
  if (out === undefined) return undefined;
  const given = checkTensorArgument(out, [type], path);
  checkSameDims(given.tensor.dims, dims, `${path}.dims`);
  return given;
}

/** Tensors that the caller may give for values and indices. */
export function checkOutWithIndices<T extends DataType>(
  options: { out?: { output: unknown; indices: unknown } } | undefined,
  type: T,
  dims: readonly number[],
): { output: TensorArgument<T> | undefined; indices: TensorArgument<'int32'> | undefined } {
  const { out } = checkOptions(options, 'options', ['out']);
  const { output, indices } = checkOptions(out, 'options.out', ['output', 'indices']);
  return {
    output: checkOut(output, type, dims, 'options.out.output'),
    indices: checkOut(indices, 'int32', dims, 'options.out.indices'),
  };
}

/** What backward needs beside the gradient: an object. */
export function checkContext<T>(context: T, parts: string): T {
  if (typeof context === 'object' && context !== null) return context;
  fail('invalid-options', 'the second argument', `is ${describeValue(context)}`, `an object with ${parts}`);
}

/** Types that feature maps come in. */
export const mapTypes: readonly MapType[] = /* @__PURE__ */ (Object.keys(dataTypes) as DataType[]).filter(
  (type): type is MapType => type !== 'int32',
);

/** Types that averages and gradients are counted in. */
export const realTypes = ['float32', 'float16'] as const;
