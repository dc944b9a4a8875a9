import type { FeatureMapShape } from '../arguments/feature-map.js';
import type { CallMemory } from '../memory/call-memory.js';
import type { Plan } from '../plans/plan.js';
import type { PlanOptions } from '../plans/plan-cache.js';
import type { Internals } from '../runtime/runtime.js';
import type { Planner } from './call.js';

/** Plans whole maps: the runtime keeps the plan of each size. */
export class MapPlanner implements Planner {
  readonly #options: PlanOptions;

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  plan(internals: Internals, shape: FeatureMapShape, callMemory: CallMemory): Plan {
    return callMemory.hold(this.acquire(internals, shape));
  }

  /** The plan of a map, which must be released. */
  acquire({ plans }: Internals, { channels, height, width }: FeatureMapShape): Plan {
    const options = channels === 1 ? this.#options.ofOneChannel : this.#options;
    return plans.acquire(options, height, width);
  }
}
