import { checkOneOf, checkOptions, describeValue, fail } from '../arguments/checks.js';
import {
  type Layout,
  layouts,
  type OutputOrder,
  outputOrders,
  type SpatialDims,
} from '../arguments/feature-map.js';
import { promiseMistake, runtimeHint } from '../arguments/hints.js';
import { checkLevels, type Grid, type Level } from '../arguments/levels.js';
import { type Bins, binRules } from '../plans/bins.js';
import { Runtime } from '../runtime/runtime.js';

/** What a bin makes of its cells: the greatest, or their average. */
export type Reduction = 'max' | 'average';

export const reductions: readonly Reduction[] = ['max', 'average'];

/** What a pool is made for. */
export interface PyramidPoolOptions {
  /** The levels, in the order of the output: each `n` for `n` by `n` bins, or `[nh, nw]`. Along one axis, `n` bins. */
  levels: readonly Level[];
  /** What a bin makes of its cells; default `'max'`. */
  reduction?: Reduction;
  /** Which cells a bin reads; default `'adaptive'`. */
  bins?: Bins;
  /** The order of the feature map's axes. Default `'NCHW'`. */
  layout?: Layout;
  /**
   * The order of the values in a row of the output; default `'levels'`. With `'channels'` a row is `[C, bins]` flattened in either
   * layout, as in TF Addons channels first and Lasagne.
   */
  outputOrder?: OutputOrder;
  /**
   * Axes that bins are laid along: 2 for height and width, the default, or 1 for a length alone (temporal pyramid pooling),
   * where maps are `[N, C, L]` or `[N, L, C]`.
   */
  spatialDims?: SpatialDims;
  /** Where to run; by default one runtime that all pools share. */
  runtime?: Runtime;
}

/** A pool's options, with nothing left open. */
export interface ResolvedOptions {
  readonly levels: readonly Grid[];
  readonly reduction: Reduction;
  readonly bins: Bins;
  readonly layout: Layout;
  readonly outputOrder: OutputOrder;
  readonly spatialDims: SpatialDims;
}

/** Checks the options of a pool, and fills in those that were left out, but for the runtime. */
export function resolveOptions(options: unknown): ResolvedOptions & { runtime: Runtime | undefined } {
  if (options === undefined) {
    fail('invalid-options', 'options', 'is missing', 'an object with levels, such as { levels: [4, 2, 1] }');
  }
  const names = ['levels', 'reduction', 'bins', 'layout', 'outputOrder', 'spatialDims', 'runtime'] as const;
  const {
    levels,
    reduction,
    bins,
    layout,
    outputOrder,
    spatialDims = 2,
    runtime,
  } = checkOptions(options as PyramidPoolOptions, 'options', names);
  if (runtime !== undefined) checkRuntime(runtime);
  if (spatialDims !== 1 && spatialDims !== 2) {
    fail('invalid-options', 'options.spatialDims', `is ${describeValue(spatialDims)}`, '1 or 2');
  }
  return {
    levels: checkLevels(levels, 'options.levels', spatialDims),
    reduction: checkOneOf(reduction ?? 'max', 'options.reduction', reductions),
    bins: checkOneOf(bins ?? 'adaptive', 'options.bins', Object.keys(binRules) as Bins[]),
    layout: checkOneOf(layout ?? 'NCHW', 'options.layout', layouts),
    outputOrder: checkOneOf(outputOrder ?? 'levels', 'options.outputOrder', outputOrders),
    spatialDims,
    runtime,
  };
}

/** Fails unless it is a runtime that can be used. */
export function checkRuntime(runtime: unknown): void {
  if (!Runtime.is(runtime)) {
    const hint = promiseMistake(runtime) ? '; write await createRuntime()' : runtimeHint(runtime);
    const must = `a Runtime, made by createRuntime${hint}`;
    fail('invalid-options', 'options.runtime', `is ${describeValue(runtime)}`, must);
  }
  // Fails if it was disposed or is broken.
  void Runtime.internals(runtime).memory.kernels;
}
