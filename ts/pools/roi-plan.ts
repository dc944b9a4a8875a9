import { describeValue, fail, mapList, rawArray } from '../arguments/checks.js';
import type { FeatureMapShape } from '../arguments/feature-map.js';
import { checkTensorArgument, type TensorArgument } from '../arguments/tensor-argument.js';
import { PyramidPoolError } from '../core/errors.js';
import { WORD_BYTES } from '../core/tensor.js';
import type { CallMemory } from '../memory/call-memory.js';
import type { WasmMemory } from '../memory/wasm-memory.js';
import type { Bounds, LevelBounds } from '../plans/bins.js';
import { arrangementNumber } from '../plans/plan-cache.js';
import { type ResolvedRoiOptions, roiRules } from './roi-options.js';

/** Numbers of a region: item, left, top, right, bottom. */
const REGION_LENGTH = 5;

/** Words and doubles of a request, as the crate reads it. */
const REQUEST_WORDS = 10;
const REQUEST_BYTES = REQUEST_WORDS * WORD_BYTES + 3 * 8;

/** Checks regions: `float32` of `[K, 5]`, an item of the batch and four finite coordinates each. */
export function checkRois(rois: unknown, batch: number): TensorArgument<'float32'> {
  const given = checkTensorArgument(rois, ['float32'], 'rois');
  const { dims, data, type } = given.tensor;
  if (dims.length !== 2 || dims[1] !== REGION_LENGTH) {
    const hint =
      dims.at(-1) === 4 ? '; write the number of its item before each box, 0 where there is one map' : '';
    fail('invalid-dims', 'rois.dims', `is [${dims.join(', ')}]`, `[K, 5]: item, x1, y1, x2, y2${hint}`);
  }
  const numbers = rawArray(type, data);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i] as number;
    const isItem = i % REGION_LENGTH === 0;
    const fits = isItem ? Number.isInteger(value) && value >= 0 && value < batch : Number.isFinite(value);
    if (fits) continue;
    const must = isItem ? `the number of one of ${batch} items, from 0 up` : 'finite';
    fail('invalid-regions', `rois.data[${i}]`, `is ${value}`, must);
  }
  return given;
}

/** Checks a region alone: four numbers. */
export function checkCorners(roi: unknown): number[] {
  const path = 'roi';
  const must = '[x1, y1, x2, y2]';
  if (!Array.isArray(roi) || roi.length !== 4)
    fail('invalid-regions', path, `is ${describeValue(roi)}`, must);
  return mapList(roi, path, 'invalid-regions', (corner, i) =>
    typeof corner === 'number'
      ? corner
      : fail('invalid-regions', `${path}[${i}]`, `is ${describeValue(corner)}`, 'a number'),
  );
}

/** Plans the regions at an address, for as long as the callMemory are kept. Gives the plan's address. */
export function planRegions(
  memory: WasmMemory,
  options: ResolvedRoiOptions,
  { batch, height, width }: Pick<FeatureMapShape, 'batch' | 'height' | 'width'>,
  rois: { address: number; count: number },
  callMemory: CallMemory,
): number {
  const { levels, rule, layout, outputOrder } = options;
  const list = callMemory.scratch(2 * WORD_BYTES * levels.length, 'a list of levels');
  const request = callMemory.scratch(REQUEST_BYTES, 'a request for regions');
  memory.view('int32', list, 2 * levels.length).set(levels.flat());
  memory
    .view('int32', request, REQUEST_WORDS)
    .set([
      batch,
      height,
      width,
      list,
      levels.length,
      arrangementNumber(layout, outputOrder),
      roiRules[rule].number,
      rois.address,
      rois.count,
    ]);
  const names = Object.keys(roiRules[rule].defaults) as (keyof ResolvedRoiOptions)[];
  const numbers = names.map((name) => Number(options[name]));
  new Float64Array(memory.buffer, request + REQUEST_WORDS * WORD_BYTES, 3).set(numbers);
  const plan = memory.retry(() => memory.kernels.regions_new(request));
  const failure = failures[plan];
  if (failure) throw failure();
  callMemory.onFree(() => {
    if (!memory.closed) memory.kernels.regions_free(plan);
  });
  return plan;
}

/** What the crate's answers stand for that are no addresses. */
const failures: Partial<Record<number, () => PyramidPoolError>> = {
  0: () => new PyramidPoolError('out-of-memory', 'no memory for the plan of the regions'),
  1: () =>
    new PyramidPoolError('invalid-dims', 'the map or its regions have more cells or bins than 31 bits count'),
  2: () => new PyramidPoolError('invalid-regions', 'rois changed while they were read'),
};

/** The bounds of the only region of a plan. */
export function readRegionBounds(
  memory: WasmMemory,
  plan: number,
  levels: ResolvedRoiOptions['levels'],
): LevelBounds[] {
  const count = levels.reduce((sum, [rows, columns]) => sum + rows + columns, 0);
  const words = memory.view('int32', memory.kernels.regions_bounds(plan) >>> 0, 2 * count);
  let at = 0;
  const axis = (n: number) =>
    Array.from({ length: n }, (): Bounds => [words[at++] as number, words[at++] as number]);
  return levels.map(([rows, columns]) => ({ rows: axis(rows), columns: axis(columns) }));
}
