import { describeValue, fail, MOST_COUNTED } from './checks.js';

/** The order of a feature map's axes. */
export type Layout = 'NCHW' | 'NHWC';

export const layouts: readonly Layout[] = ['NCHW', 'NHWC'];

/**
 * The order of the values in a row of the output:
 * `'levels'`: level after level, each `[C, nh, nw]` flattened (`[nh, nw, C]` for `'NHWC'`);
 * `'channels'`: channel after channel, `[C, bins]` flattened, where `bins` are those of all levels, one level after the other.
 */
export type OutputOrder = 'levels' | 'channels';

export const outputOrders: readonly OutputOrder[] = ['levels', 'channels'];

/** Axes that bins are laid along: height and width, or length alone. */
export type SpatialDims = 1 | 2;

/** The sizes of a feature map, whatever its layout; `batched` is false for rank 3, a batch of one without its axis. */
export interface FeatureMapShape {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly batched: boolean;
  /** The sizes as they were given. */
  readonly dims: readonly number[];
}

const axes = {
  1: { NCHW: '[N, C, L] or [C, L]', NHWC: '[N, L, C] or [L, C]' },
  2: { NCHW: '[N, C, H, W] or [C, H, W]', NHWC: '[N, H, W, C] or [H, W, C]' },
};

/** A height, width or length, or a number of channels, must be a whole number that indices can count. */
export function checkMapSize(size: unknown, path: string): asserts size is number {
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > MOST_COUNTED) {
    fail('invalid-dims', path, `is ${describeValue(size)}`, `a whole number from 1 to ${MOST_COUNTED}`);
  }
}

/**
 * Reads the sizes of a feature map from its `dims`, which are those of a tensor. As in PyTorch only the batch may be empty, and a map of
 * one axis is one of height 1.
 */
export function featureMapShape(
  sizes: readonly number[],
  layout: Layout,
  path: string,
  spatialDims: SpatialDims = 2,
): FeatureMapShape {
  const batched = sizes.length === spatialDims + 2;
  if (!batched && sizes.length !== spatialDims + 1) {
    fail('invalid-dims', path, `is [${sizes.join(', ')}]`, axes[spatialDims][layout]);
  }
  const first = batched ? 1 : 0;
  const empty = sizes.indexOf(0, first);
  if (empty >= 0) {
    fail(
      'invalid-dims',
      path,
      `is [${sizes.join(', ')}], whose axis ${empty} is empty`,
      'at least 1 along every axis but the batch',
    );
  }
  // A plain loop: calls for new sizes come by here.
  for (let axis = 0; axis < sizes.length; axis++) {
    const size = sizes[axis] as number;
    if (size > MOST_COUNTED)
      fail('invalid-dims', `${path}[${axis}]`, `is ${size}`, `at most ${MOST_COUNTED}`);
  }
  const last = sizes.length - 1;
  const width = layout === 'NCHW' ? last : last - 1;
  return {
    batch: batched ? (sizes[0] as number) : 1,
    channels: sizes[layout === 'NCHW' ? first : last] as number,
    height: spatialDims === 2 ? (sizes[width - 1] as number) : 1,
    width: sizes[width] as number,
    batched,
    dims: sizes,
  };
}
