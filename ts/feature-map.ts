import { checkDims, fail } from './check.js';

/** The order of a feature map's axes. */
export type Layout = 'NCHW' | 'NHWC';

export const layouts: readonly Layout[] = ['NCHW', 'NHWC'];

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

/** Sizes are counted in 31 bits, as indices are. */
const MOST = 2 ** 31 - 1;

/** Reads the sizes of a feature map from its `dims`. As in PyTorch only the batch may be empty. */
export function featureMapShape(dims: unknown, layout: Layout, path: string): FeatureMapShape {
  const sizes = checkDims(dims, path);
  const batched = sizes.length === 4;
  if (!batched && sizes.length !== 3) {
    const axes = layout === 'NCHW' ? '[N, C, H, W] or [C, H, W]' : '[N, H, W, C] or [H, W, C]';
    fail('invalid-dims', path, `is [${sizes.join(', ')}]`, axes);
  }
  const [batch, ...item] = (batched ? sizes : [1, ...sizes]) as [number, number, number, number];
  const empty = item.indexOf(0);
  if (empty >= 0) {
    fail(
      'invalid-dims',
      path,
      `is [${sizes.join(', ')}], whose axis ${empty + sizes.length - 3} is empty`,
      'at least 1 along every axis but the batch',
    );
  }
  const large = sizes.findIndex((size) => size > MOST);
  if (large >= 0) fail('invalid-dims', `${path}[${large}]`, `is ${sizes[large]}`, `at most ${MOST}`);
  const [channels, height, width] = layout === 'NCHW' ? item : [item[2], item[0], item[1]];
  return { batch, channels, height, width, batched, dims: sizes };
}
