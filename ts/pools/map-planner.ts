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

  plan({ plans }: Internals, { channels, height, width }: FeatureMapShape, callMemory: CallMemory): Plan {
    const options = channels === 1 ? this.#options.ofOneChannel : this.#options;
    return callMemory.hold(plans.acquire(options, height, width));
  }
}
