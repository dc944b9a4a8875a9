import { checkOneOf, checkOptions, describeValue, fail } from '../arguments/checks.js';
import { type Layout, layouts, type OutputOrder, outputOrders } from '../arguments/feature-map.js';
import { checkLevels, type Grid, type Level } from '../arguments/levels.js';
import type { Runtime } from '../runtime/runtime.js';
import { checkRuntime, type Reduction, reductions } from './options.js';

/**
 * How a region of an image is brought onto its feature map:
 * `'roi-pool'`: Fast R-CNN's and torchvision's `roi_pool`, its `f32` bins included;
 * `'spp-net'`: the windows of SPP-net's detection code, with adaptive bins and a true maximum;
 * `'roi-align'`: Mask R-CNN's and torchvision's `roi_align`, which rounds nothing and averages samples of the map.
 */
export type RoiRule = 'roi-pool' | 'spp-net' | 'roi-align';

/** The numbers of each rule, in the crate's order, with their defaults; and the crate's number for the rule. */
export const roiRules = {
  'roi-pool': { number: 0, defaults: { spatialScale: 1 } },
  'spp-net': { number: 1, defaults: { offset0: 21, offset: 6.5, step: 16 } },
  'roi-align': { number: 2, defaults: { spatialScale: 1, samplingRatio: -1, aligned: false } },
} as const;

/** What a pool of regions is made for. */
export interface RoiPyramidPoolOptions {
  /** The levels, in the order of the output: each `n` for `n` by `n` bins, or `[nh, nw]`. */
  levels: readonly Level[];
  /** How regions are brought onto the map; default `'roi-pool'`. */
  rule?: RoiRule;
  /**
   * What a bin makes of its cells; default `'max'`. The average of a bin without cells is 0. `'roi-align'` always averages its samples.
   */
  reduction?: Reduction;
  /** For `'roi-pool'` and `'roi-align'`: cells of the map for each pixel of the image, such as `1 / 16`; default 1. */
  spatialScale?: number;
  /** For `'spp-net'`: where, in pixels, the first cell has its centre; default 21, ZF-5's. */
  offset0?: number;
  /** For `'spp-net'`: pixels that a window gives up at each side; default 6.5, ZF-5's. */
  offset?: number;
  /** For `'spp-net'`: pixels from one cell to the next; default 16, ZF-5's. */
  step?: number;
  /**
   * For `'roi-align'`: samples of a bin along each axis. Where it is 0 or less, as by default, a bin has as many as it is cells long,
   * rounded up.
   */
  samplingRatio?: number;
  /**
   * For `'roi-align'`: whether a coordinate names the corner of a pixel, so that 0.5 is subtracted after scaling, as Detectron2 does.
   * Default false, as in torchvision; regions are at least one cell wide and high then.
   */
  aligned?: boolean;
  /** The order of the feature map's axes. Default `'NCHW'`. */
  layout?: Layout;
  /** The order of the values in a row of the output, as for `createPyramidPool`; default `'levels'`. */
  outputOrder?: OutputOrder;
  /** Where to run; by default one runtime that all pools share. */
  runtime?: Runtime;
}

/** The options of a pool of regions, with nothing left open but what only other rules have. */
export interface ResolvedRoiOptions {
  readonly levels: readonly Grid[];
  readonly rule: RoiRule;
  readonly reduction: Reduction;
  readonly spatialScale?: number;
  readonly offset0?: number;
  readonly offset?: number;
  readonly step?: number;
  readonly samplingRatio?: number;
  readonly aligned?: boolean;
  readonly layout: Layout;
  readonly outputOrder: OutputOrder;
}

/** The options that rules have, and what each must be. */
const ruleOptions = {
  spatialScale: { must: 'a positive number', fits: (value: unknown) => isNumber(value) && value > 0 },
  offset0: { must: 'a finite number', fits: isNumber },
  offset: { must: 'a finite number', fits: isNumber },
  step: { must: 'a positive number', fits: (value: unknown) => isNumber(value) && value > 0 },
  samplingRatio: {
    must: 'a whole number up to 46340, 0 or less for as many samples as a bin has cells',
    // Samples of both axes together are counted in 31 bits.
    fits: (value: unknown) => Number.isInteger(value) && (value as number) <= 46340,
  },
  aligned: { must: 'true or false', fits: (value: unknown) => typeof value === 'boolean' },
} as const;

type RuleOption = keyof typeof ruleOptions;

type RuleValues = Partial<Pick<ResolvedRoiOptions, RuleOption>>;

/** Their names. A function, since a call at the top of a module stays in bundles that do not use it. */
const ruleOptionNames = () => Object.keys(ruleOptions) as RuleOption[];

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** Checks the options of a pool of regions, and fills in those that were left out, but for the runtime. */
export function resolveRoiOptions(options: unknown): ResolvedRoiOptions & { runtime: Runtime | undefined } {
  if (options === undefined) {
    fail(
      'invalid-options',
      'options',
      'is missing',
      'an object with levels, such as { levels: [6, 3, 2, 1] }',
    );
  }
  const checked = checkOptions(options as RoiPyramidPoolOptions, 'options', [
    'levels',
    'rule',
    'reduction',
    ...ruleOptionNames(),
    'layout',
    'outputOrder',
    'runtime',
  ]);
  const { levels, layout, outputOrder, runtime } = checked;
  if (runtime !== undefined) checkRuntime(runtime);
  const rule = checkOneOf(checked.rule ?? 'roi-pool', 'options.rule', Object.keys(roiRules) as RoiRule[]);
  return {
    levels: checkLevels(levels, 'options.levels'),
    rule,
    reduction: resolveReduction(rule, checked.reduction),
    ...resolveRule(rule, checked),
    layout: checkOneOf(layout ?? 'NCHW', 'options.layout', layouts),
    outputOrder: checkOneOf(outputOrder ?? 'levels', 'options.outputOrder', outputOrders),
    runtime,
  };
}

/** RoIAlign has no maximum: torchvision's averages. */
function resolveReduction(rule: RoiRule, reduction: Reduction | undefined): Reduction {
  if (rule !== 'roi-align') return checkOneOf(reduction ?? 'max', 'options.reduction', reductions);
  return checkOneOf(reduction ?? 'average', 'options.reduction', ['average']);
}

/** The options of a rule. Those of the others are refused: they would do nothing. */
function resolveRule(rule: RoiRule, options: RuleValues): RuleValues {
  const { defaults } = roiRules[rule];
  const values: Record<string, unknown> = { ...defaults };
  for (const name of ruleOptionNames()) {
    const value = options[name];
    if (value === undefined) continue;
    const path = `options.${name}`;
    if (!Object.hasOwn(defaults, name)) {
      const must = `left out: the rule '${rule}' has no such option`;
      fail('invalid-options', path, `is ${describeValue(value)}`, must);
    }
    const { must, fits } = ruleOptions[name];
    if (!fits(value)) fail('invalid-options', path, `is ${describeValue(value)}`, must);
    values[name] = value;
  }
  return values;
}
