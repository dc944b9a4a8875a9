import type { FeatureMapShape } from '../arguments/feature-map.js';
import { PyramidPoolError } from '../core/errors.js';
import { WORD_BYTES } from '../core/tensor.js';
import type { CallMemory } from '../memory/call-memory.js';
import type { Operand } from '../memory/operand.js';
import type { Bounds, LevelBounds } from '../plans/bins.js';
import type { Plan } from '../plans/plan.js';
import { arrangementNumber } from '../plans/plan-cache.js';
import type { Internals } from '../runtime/runtime.js';
import type { Planner } from './call.js';
import { type ResolvedRoiOptions, roiRules } from './roi-options.js';

/** Words and doubles of a request, as the crate reads it. */
const REQUEST_WORDS = 10;
const REQUEST_BYTES = REQUEST_WORDS * WORD_BYTES + 3 * 8;

/** What the crate's answers stand for that are no addresses. */
const failures: Partial<Record<number, () => PyramidPoolError>> = {
  0: () => new PyramidPoolError('out-of-memory', 'no memory for the plan of the regions'),
  1: () =>
    new PyramidPoolError('invalid-dims', 'the map or its regions have more cells or bins than 31 bits count'),
  2: () => new PyramidPoolError('invalid-regions', 'rois changed while they were read'),
};

/** Plans regions, anew for each call. */
export class RoiPlanner implements Planner {
  readonly #options: ResolvedRoiOptions;

  constructor(options: ResolvedRoiOptions) {
    this.#options = options;
  }

  plan(
    { memory }: Internals,
    { batch, height, width }: Pick<FeatureMapShape, 'batch' | 'height' | 'width'>,
    callMemory: CallMemory,
    rois: Operand,
  ): Plan {
    const { levels, rule, layout, outputOrder } = this.#options;
    const list = callMemory.alloc(2 * WORD_BYTES * levels.length, 'a list of levels');
    const request = callMemory.alloc(REQUEST_BYTES, 'a request for regions');
    memory.view('int32', list, 2 * levels.length).set(levels.flat());
    const arrangement = arrangementNumber(layout, outputOrder);
    const { number, defaults } = roiRules[rule];
    const [count] = rois.dims as [number];
    memory
      .view('int32', request, REQUEST_WORDS)
      .set([batch, height, width, list, levels.length, arrangement, number, rois.address, count]);
    const names = Object.keys(defaults) as (keyof ResolvedRoiOptions)[];
    const numbers = names.map((name) => Number(this.#options[name]));
    new Float64Array(memory.buffer, request + REQUEST_WORDS * WORD_BYTES, 3).set(numbers);
    const address = memory.retry(() => memory.kernels.regions_new(request));
    const failure = failures[address];
    if (failure) throw failure();
    return callMemory.hold({
      address,
      scratchWords: (operation, element) => memory.kernels.regions_scratch(address, operation, element) >>> 0,
      release: () => {
        if (!memory.closed) memory.kernels.regions_free(address);
      },
    });
  }

  /** The bounds of the bins of the only region of a plan. */
  binBounds({ memory }: Internals, plan: Plan): LevelBounds[] {
    const { levels } = this.#options;
    const count = levels.reduce((sum, [rows, columns]) => sum + rows + columns, 0);
    const words = memory.view('int32', memory.kernels.regions_bounds(plan.address) >>> 0, 2 * count);
    let at = 0;
    const axis = (n: number) =>
      Array.from({ length: n }, (): Bounds => [words[at++] as number, words[at++] as number]);
    return levels.map(([rows, columns]) => ({ rows: axis(rows), columns: axis(columns) }));
  }
}
