import type { Batch } from './batch.js';
import { type CheckedTensor, checkSameDims, checkTensor, fail, show } from './check.js';
import type { DataType } from './tensor.js';

/** A tensor of a call: as the caller gave it, with its parts checked, and its name in messages. */
export interface Given<T extends DataType> {
  readonly tensor: CheckedTensor<T>;
  readonly given: unknown;
  readonly path: string;
}

/** Checks the maps of a call: one, or a list of them. */
export function checkMaps(input: unknown): Given<'float32'>[] {
  return Array.isArray(input)
    ? Array.from(input, (map, i) => checkGiven(map, 'float32', `input[${i}]`))
    : [checkGiven(input, 'float32', 'input')];
}

/** Checks `out` of `backward`: a tensor like the map, or a list of them. */
export function checkOutMaps(out: unknown, { shapes, ragged }: Batch): (Given<'float32'> | undefined)[] {
  const list = ragged ? out : [out];
  if (out === undefined) return [];
  if (!Array.isArray(list) || list.length !== shapes.length) {
    fail('invalid-data', 'options.out', `is ${show(out)}`, `a list of ${shapes.length} tensors`);
  }
  return shapes.map(({ dims }, i) =>
    checkOut(list[i], 'float32', dims, ragged ? `options.out[${i}]` : 'options.out'),
  );
}

/** A tensor that the caller must give. */
export function checkGiven<T extends DataType>(given: unknown, type: T, path: string): Given<T> {
  return { tensor: checkTensor(given, path, type), given, path };
}

/** A tensor that the caller may give, to be written. */
export function checkOut<T extends DataType>(
  out: unknown,
  type: T,
  dims: readonly number[],
  path: string,
): Given<T> | undefined {
  if (out === undefined) return undefined;
  const given = checkGiven(out, type, path);
  checkSameDims(given.tensor.dims, dims, `${path}.dims`);
  return given;
}
