/** The domain `pyramid_pool`: its name, its version, and what a node of it says. */
import type { OutputOrder } from '../arguments/feature-map.js';
import type { Reduction } from '../pools/options.js';
import type { Node } from './model.js';

export const DOMAIN = 'pyramid_pool';
export const VERSION = 1;

/** Operators that pool to one grid of bins: `output_size` gives it. */
export type AdaptiveOperator = 'AdaptiveMaxPool' | 'AdaptiveAveragePool';

/** All operators of the domain. */
export type PoolOperator = AdaptiveOperator | 'SpatialPyramidPool';

/** A level as the operators have it: rows and columns of bins, or one number for both axes or the only one. -1 keeps an axis. */
export type PoolLevel = readonly [bins: number] | readonly [rows: number, columns: number];

/** A node that pools. */
export interface Pool {
  readonly operator: PoolOperator;
  readonly reduction: Reduction;
  /** One level, or those of a pyramid. */
  readonly levels: readonly PoolLevel[];
  /** How a pyramid's rows are ordered. One level has the same order either way. */
  readonly outputOrder: OutputOrder;
  /** The value that is pooled. */
  readonly input: string;
  readonly output: string;
  /** The node, as one of `pyramid_pool`. */
  readonly node: Node;
}

/** The operator that a reduction has to itself. */
export function adaptiveOperator(reduction: Reduction): AdaptiveOperator {
  return reduction === 'max' ? 'AdaptiveMaxPool' : 'AdaptiveAveragePool';
}
