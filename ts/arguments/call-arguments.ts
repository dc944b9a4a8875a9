import { PyramidPoolError } from '../core/errors.js';
import { type DataType, dataTypes, type MapType } from '../core/tensor.js';
import type { Batch } from './batch.js';
import { checkOptions, checkSameDims, describeValue, fail, mapList } from './checks.js';
import { type CheckedTensor, checkTensor } from './tensors.js';

/** Checks the maps of a call, one or a list of them, to be of one of `types`, and all of the same. */
export function checkMaps<T extends MapType>(input: unknown, types: readonly T[]): CheckedTensor<T>[] {
  if (!Array.isArray(input)) return [checkTensor(input, 'input', types)];
  const maps = mapList(input, 'input', 'invalid-data', (map, i) => checkTensor(map, `input[${i}]`, types));
  const type = maps[0]?.type;
  const other = maps.find((map) => map.type !== type);
  if (other) fail('invalid-data', other.path, `is of ${other.type}`, `of ${type}, as input[0] is`);
  return maps;
}

/** Checks `out` of `backward`, which may be left out: a tensor like the map, or a list of them. */
export function checkOutMaps<T extends DataType>(
  out: unknown,
  type: T,
  { shapes, ragged }: Batch,
): (CheckedTensor<T> | undefined)[] | undefined {
  if (out === undefined) return undefined;
  const list = ragged ? out : [out];
  if (!Array.isArray(list) || list.length !== shapes.length) {
    fail('invalid-data', 'options.out', `is ${describeValue(out)}`, `a list of ${shapes.length} tensors`);
  }
  return shapes.map(({ dims }, i) =>
    checkOut(list[i], type, dims, ragged ? `options.out[${i}]` : 'options.out'),
  );
}

/** A tensor that the caller may give, to be written. */
export function checkOut<T extends DataType>(
  out: unknown,
  type: T,
  dims: readonly number[],
  path: string,
): CheckedTensor<T> | undefined {
  if (out === undefined) return undefined;
  const tensor = checkTensor(out, path, [type]);
  checkSameDims(tensor.dims, dims, `${path}.dims`);
  return tensor;
}

/** Tensors that the caller may give for values and indices. */
export function checkOutWithIndices<T extends DataType>(
  options: { out?: { output: unknown; indices: unknown } } | undefined,
  type: T,
  dims: readonly number[],
): { output: CheckedTensor<T> | undefined; indices: CheckedTensor<'int32'> | undefined } {
  const { out } = checkOptions(options, 'options', ['out']);
  const { output, indices } = checkOptions(out, 'options.out', ['output', 'indices']);
  return {
    output: checkOut(output, type, dims, 'options.out.output'),
    indices: checkOut(indices, 'int32', dims, 'options.out.indices'),
  };
}

/** The indices that `backward` needs: one for each value of the output. */
export function checkIndexTensor(indices: unknown, outputDims: readonly number[]): CheckedTensor<'int32'> {
  const tensor = checkTensor(indices, 'indices', ['int32']);
  checkSameDims(tensor.dims, outputDims, 'indices.dims');
  return tensor;
}

/** Fails for a call with indices of a pool that averages. */
export function refuseIndices(): never {
  throw new PyramidPoolError(
    'invalid-options',
    'averages have no indices: use forward, and backward without indices',
  );
}

/** What backward needs beside the gradient: an object. */
export function checkContext<T>(context: T, parts: string): T {
  const isObject = typeof context === 'object' && context !== null;
  if (!isObject || typeof (context as { then?: unknown }).then === 'function')
    fail('invalid-options', 'the second argument', `is ${describeValue(context)}`, `an object with ${parts}`);
  if ((context as { out?: unknown }).out !== undefined)
    fail(
      'invalid-options',
      'the second argument',
      'has out',
      `an object with ${parts}; write { out } as the third`,
    );
  return context;
}

/** Types that feature maps come in. */
export const mapTypes: readonly MapType[] = /* @__PURE__ */ (Object.keys(dataTypes) as DataType[]).filter(
  (type): type is MapType => type !== 'int32',
);

/** Types that averages and gradients are counted in. */
export const realTypes = ['float32', 'float16'] as const;
