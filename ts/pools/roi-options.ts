import { checkOneOf, checkOptions, describeValue, fail } from '../arguments/checks.js';
import { type Layout, layouts } from '../arguments/feature-map.js';
import { checkLevels, type Grid, type Level } from '../arguments/levels.js';
import type { Runtime } from '../runtime/runtime.js';
import { checkRuntime } from './options.js';

/**
 * How a region of an image is brought onto its feature map:
 * `'roi-pool'`: Fast R-CNN's and torchvision's `roi_pool`, its `f32` bins included;
 * `'spp-net'`: the windows of SPP-net's detection code, with adaptive bins and a true maximum.
 */
export type RoiRule = 'roi-pool' | 'spp-net';

/** The numbers of each rule, in the crate's order, with their defaults; and the crate's number for the rule. */
export const roiRules = {
  'roi-pool': { number: 0, defaults: { spatialScale: 1 } },
  'spp-net': { number: 1, defaults: { offset0: 21, offset: 6.5, step: 16 } },
} as const;

/** What a pool of regions is made for. */
export interface RoiPyramidPoolOptions {
  /** The levels, in the order of the output: each `n` for `n` by `n` bins, or `[nh, nw]`. */
  levels: readonly Level[];
  /** How regions are brought onto the map; default `'roi-pool'`. */
  rule?: RoiRule;
  /** For `'roi-pool'`: cells of the map for each pixel of the image, such as `1 / 16`; default 1. */
  spatialScale?: number;
  /** For `'spp-net'`: where, in pixels, the first cell has its centre; default 21, ZF-5's. */
  offset0?: number;
  /** For `'spp-net'`: pixels that a window gives up at each side; default 6.5, ZF-5's. */
  offset?: number;
  /** For `'spp-net'`: pixels from one cell to the next; default 16, ZF-5's. */
  step?: number;
  /** The order of the feature map's axes, and with it of the output. Default `'NCHW'`. */
  layout?: Layout;
  /** Where to run; by default one runtime that all pools share. */
  runtime?: Runtime;
}

/** The options of a pool of regions, with nothing left open but the numbers of the other rule. */
export interface ResolvedRoiOptions {
  readonly levels: readonly Grid[];
  readonly rule: RoiRule;
  readonly spatialScale?: number;
  readonly offset0?: number;
  readonly offset?: number;
  readonly step?: number;
  readonly layout: Layout;
}

type RuleNumber = 'spatialScale' | 'offset0' | 'offset' | 'step';

const ruleNumbers: readonly RuleNumber[] = ['spatialScale', 'offset0', 'offset', 'step'];

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
  const given = checkOptions(options as RoiPyramidPoolOptions, 'options', [
    'levels',
    'rule',
    ...ruleNumbers,
    'layout',
    'runtime',
  ]);
  const { levels, layout, runtime } = given;
  if (runtime !== undefined) checkRuntime(runtime);
  const rule = checkOneOf(given.rule ?? 'roi-pool', 'options.rule', Object.keys(roiRules) as RoiRule[]);
  return {
    levels: checkLevels(levels, 'options.levels'),
    rule,
    ...resolveNumbers(rule, given),
    layout: checkOneOf(layout ?? 'NCHW', 'options.layout', layouts),
    runtime,
  };
}

/** The numbers of a rule. Those of the other one are refused: they would do nothing. */
function resolveNumbers(
  rule: RoiRule,
  given: Partial<Record<RuleNumber, number>>,
): Partial<Record<RuleNumber, number>> {
  const { defaults } = roiRules[rule];
  const numbers: Partial<Record<RuleNumber, number>> = { ...defaults };
  for (const name of ruleNumbers) {
    const value = given[name];
    if (value === undefined) continue;
    const path = `options.${name}`;
    if (!Object.hasOwn(defaults, name)) {
      fail(
        'invalid-options',
        path,
        `is ${describeValue(value)}`,
        `left out: the rule '${rule}' has no such number`,
      );
    }
    const positive = name === 'spatialScale' || name === 'step';
    if (typeof value !== 'number' || !Number.isFinite(value) || (positive && value <= 0)) {
      fail(
        'invalid-options',
        path,
        `is ${describeValue(value)}`,
        positive ? 'a positive number' : 'a finite number',
      );
    }
    numbers[name] = value;
  }
  return numbers;
}
