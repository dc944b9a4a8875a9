import { describeValue, fail, mapList } from './checks.js';
import { type CheckedTensor, checkTensor, rawArray } from './tensors.js';

/** Numbers of a region: item, left, top, right, bottom. */
const REGION_LENGTH = 5;

/** Checks regions: `float32` of `[K, 5]`, an item of the batch and four finite coordinates each. */
export function checkRois(rois: unknown, batch: number): CheckedTensor<'float32'> {
  const tensor = checkTensor(rois, 'rois', ['float32']);
  const { dims } = tensor;
  if (dims.length !== 2 || dims[1] !== REGION_LENGTH) {
    const hint =
      dims.at(-1) === 4 ? '; write the number of its item before each box, 0 where there is one map' : '';
    fail('invalid-dims', 'rois.dims', `is [${dims.join(', ')}]`, `[K, 5]: item, x1, y1, x2, y2${hint}`);
  }
  const numbers = rawArray(tensor);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i] as number;
    const isItem = i % REGION_LENGTH === 0;
    const fits = isItem ? Number.isInteger(value) && value >= 0 && value < batch : Number.isFinite(value);
    if (fits) continue;
    const must = isItem ? itemNumber(batch) : 'finite';
    fail('invalid-regions', `rois.data[${i}]`, `is ${value}`, must);
  }
  return tensor;
}

/** What the number of an item must be. */
function itemNumber(batch: number): string {
  return batch === 1 ? '0, for the only item' : `the number of one of ${batch} items, from 0 up`;
}

/** Checks a region alone: four numbers, which are finite as `f32`. */
export function checkCorners(roi: unknown): number[] {
  const path = 'roi';
  const must = '[x1, y1, x2, y2]';
  if (!Array.isArray(roi) || roi.length !== 4)
    fail('invalid-regions', path, `is ${describeValue(roi)}`, must);
  return mapList(roi, path, 'invalid-regions', (corner, i) =>
    typeof corner === 'number' && Number.isFinite(Math.fround(corner))
      ? corner
      : fail('invalid-regions', `${path}[${i}]`, `is ${describeValue(corner)}`, 'a finite number of float32'),
  );
}
