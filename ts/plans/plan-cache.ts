import type { Layout, OutputOrder } from '../arguments/feature-map.js';
import type { Grid } from '../arguments/levels.js';
import { PyramidPoolError } from '../core/errors.js';
import { WORD_BYTES } from '../core/tensor.js';
import { MOST_PLANS } from '../core/tuning.js';
import type { WasmMemory } from '../memory/wasm-memory.js';
import { type Bins, binRules, checkBinCounts } from './bins.js';
import type { Plan } from './plan.js';

/** A pyramid planned for one size of map. */
class CachedPlan implements Plan {
  /** Calls under way: a plan in use is never freed. */
  users = 0;
  /** What was asked for already, by operation and type. A call to WASM takes longer than to look here. */
  readonly #scratchWords: number[][] = [];

  constructor(
    readonly cache: PlanCache,
    /** 0 once it was freed. */
    public address: number,
    readonly options: PlanOptions,
    readonly height: number,
    readonly width: number,
  ) {}

  scratchWords(operation: number, element: number): number {
    this.#scratchWords[operation] ??= [];
    const words = this.#scratchWords[operation];
    words[element] ??= this.cache.memory.kernels.plan_scratch(this.address, operation, element) >>> 0;
    return words[element];
  }

  release(): void {
    this.users--;
    this.cache.makeRoom();
  }
}

/** The crate's number for how maps and outputs lie in memory. */
export function arrangementNumber(layout: Layout, order: OutputOrder): number {
  return (layout === 'NCHW' ? 0 : 1) + (order === 'levels' ? 0 : 2);
}

/** What a plan depends on beside the size of the map. */
export class PlanOptions {
  readonly key: string;
  readonly arrangement: number;
  /** For maps of one channel, which lie alike in all arrangements: planes fill the lanes where channels do not. */
  readonly ofOneChannel: PlanOptions;

  constructor(
    readonly levels: readonly Grid[],
    readonly bins: Bins,
    layout: Layout,
    order: OutputOrder,
  ) {
    this.arrangement = arrangementNumber(layout, order);
    this.key = `${bins} ${this.arrangement} ${levels.join(' ')}`;
    this.ofOneChannel = this.arrangement === 0 ? this : new PlanOptions(levels, bins, 'NCHW', 'levels');
  }
}

/** The plans of a runtime, shared by all its pools, the least recently used going first. */
export class PlanCache {
  readonly #plans = new Map<string, CachedPlan>();
  /** The plan used last: most calls are for the size of the one before, and keys take long to make. */
  #last: CachedPlan | undefined;

  constructor(readonly memory: WasmMemory) {
    memory.onExhausted = () => this.clear();
  }

  /** The plan for a size. It must be released. */
  acquire(options: PlanOptions, height: number, width: number): Plan {
    const last = this.#last;
    if (last?.options === options && last.height === height && last.width === width) {
      last.users++;
      return last;
    }
    const key = `${height} ${width} ${options.key}`;
    let plan = this.#plans.get(key);
    if (plan === undefined || this.#plans.size > MOST_PLANS / 2) {
      plan ??= this.#make(options, height, width);
      // Maps keep the order of insertion: what was used last stands last. Order matters only where room gets scarce.
      this.#plans.delete(key);
      this.#plans.set(key, plan);
    }
    plan.users++;
    this.#last = plan;
    return plan;
  }

  /** Frees the plan that was used longest ago, where there are too many. */
  makeRoom(): void {
    if (this.#plans.size > MOST_PLANS && !this.memory.closed) this.#evict(1);
  }

  /** Frees all that no call uses. */
  clear(): void {
    this.#evict(Number.POSITIVE_INFINITY);
  }

  /** Frees at most `most` plans, those used longest ago first, but none that a call uses. */
  #evict(most: number): void {
    this.#last = undefined;
    for (const [key, plan] of this.#plans) {
      if (most === 0) return;
      if (plan.users > 0) continue;
      this.#plans.delete(key);
      this.memory.kernels.plan_free(plan.address);
      plan.address = 0;
      most--;
    }
  }

  #make(options: PlanOptions, height: number, width: number): CachedPlan {
    const { levels, bins, arrangement } = options;
    const { memory } = this;
    checkBinCounts(memory, bins, levels, height, width);
    const bytes = 2 * WORD_BYTES * levels.length;
    const list = memory.alloc(bytes, 'a list of levels');
    try {
      memory.view('int32', list, 2 * levels.length).set(levels.flat());
      const make = () =>
        memory.kernels.plan_new(height, width, list, levels.length, binRules[bins], arrangement);
      const address = memory.retry(make);
      if (address === 0)
        throw new PyramidPoolError('out-of-memory', `no memory for the plan of a ${height} x ${width} map`);
      if (address === 1) {
        throw new PyramidPoolError(
          'invalid-dims',
          `a ${height} x ${width} map has more cells or bins than 31 bits count`,
        );
      }
      return new CachedPlan(this, address, options, height, width);
    } finally {
      memory.free(list, bytes);
    }
  }
}
