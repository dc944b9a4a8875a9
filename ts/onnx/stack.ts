/** Puts the results of several runs together along their first axis. */
import { PyramidPoolError } from '../core/errors.js';
import { dataOf, type OrtModule, type OrtTensor } from './ort.js';

type Elements = { length: number; set(from: Elements, at: number): void };

/** One tensor of the rows of several. Throws `invalid-feeds` where their other sizes differ. */
export async function stack(name: string, tensors: readonly OrtTensor[], ort: OrtModule): Promise<OrtTensor> {
  const [first, ...others] = tensors as [OrtTensor, ...OrtTensor[]];
  if (others.length === 0) return first;
  const [, ...item] = first.dims;
  for (const [i, { dims }] of others.entries()) {
    const fits =
      dims.length > 0 &&
      dims.length === first.dims.length &&
      item.every((size, axis) => size === dims[axis + 1]);
    if (fits) continue;
    throw new PyramidPoolError(
      'invalid-feeds',
      `the output '${name}' has dims [${first.dims.join(', ')}] for feeds[0] and [${dims.join(', ')}] for feeds[${i + 1}], which do not make one tensor: use run for each`,
    );
  }
  const rows = tensors.reduce((sum, { dims }) => sum + dims[0]!, 0);
  return new ort.Tensor(first.type, await joinData(tensors), [rows, ...item]);
}

async function joinData(tensors: readonly OrtTensor[]): Promise<unknown> {
  const all = (await Promise.all(tensors.map(dataOf))) as unknown[];
  if (Array.isArray(all[0])) return all.flat();
  const arrays = all as Elements[];
  const length = arrays.reduce((sum, it) => sum + it.length, 0);
  const joined = new (arrays[0]!.constructor as new (length: number) => Elements)(length);
  let at = 0;
  for (const array of arrays) {
    joined.set(array, at);
    at += array.length;
  }
  return joined;
}
