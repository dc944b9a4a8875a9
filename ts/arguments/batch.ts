import { areSameDims, checkDims, fail, mapList } from './checks.js';
import { type FeatureMapShape, featureMapShape, type Layout, type SpatialDims } from './feature-map.js';
import type { CheckedTensor } from './tensors.js';

/** The shapes of a call: one map's, or those of several maps of different sizes, whose rows follow each other. */
export interface Batch {
  readonly shapes: readonly FeatureMapShape[];
  /** Whether the caller gave a list of maps. */
  readonly ragged: boolean;
  /** `dims` of the output. A single map of rank 3 has one row and no axis for it. */
  readonly outputDims: readonly number[];
}

/** What a pool makes of the sizes of a map; `bins` is the number of values that a pyramid makes of one channel. */
export interface PyramidShape {
  readonly layout: Layout;
  readonly spatialDims: SpatialDims;
  readonly bins: number;
  /** The batch of one map that was described last: most calls are for the sizes of the one before, as backward after forward. */
  last?: Batch | undefined;
}

/** The batch of maps that were given as `input`: one, or a list of them. */
export function batchOfMaps(maps: readonly CheckedTensor[], ragged: boolean, pyramid: PyramidShape): Batch {
  const { last } = pyramid;
  if (!ragged && last && areSame(maps[0]?.dims, last)) return last;
  const path = (i: number) => (ragged ? `input[${i}].dims` : 'input.dims');
  const shapes: FeatureMapShape[] = [];
  for (let i = 0; i < maps.length; i++) {
    const { dims } = maps[i] as CheckedTensor;
    shapes.push(featureMapShape(dims, pyramid.layout, path(i), pyramid.spatialDims));
  }
  return describeBatch(shapes, ragged, pyramid, path);
}

/** The batch of maps that are given by the argument `dims`: those of one map, or a list of them. */
export function batchOfDims(dims: unknown, pyramid: PyramidShape): Batch {
  const ragged = isList(dims);
  const { last } = pyramid;
  if (!ragged && last && areSame(dims, last)) return last;
  const path = (i: number) => (ragged ? `dims[${i}]` : 'dims');
  const shapes = mapList(ragged ? dims : [dims], 'dims', 'invalid-dims', (dims, i) =>
    featureMapShape(checkDims(dims, path(i)), pyramid.layout, path(i), pyramid.spatialDims),
  );
  return describeBatch(shapes, ragged, pyramid, path);
}

/** Whether `dims` are an array of the sizes that the only map of a batch has. */
function areSame(dims: unknown, { shapes }: Batch): boolean {
  return areSameDims(dims, (shapes[0] as FeatureMapShape).dims);
}

/** Whether `dims` are those of several maps. */
function isList(dims: unknown): dims is readonly unknown[] {
  return Array.isArray(dims) && (dims.length === 0 || typeof dims[0] === 'object');
}

function describeBatch(
  shapes: readonly FeatureMapShape[],
  ragged: boolean,
  pyramid: PyramidShape,
  path: (i: number) => string,
): Batch {
  const { layout, bins } = pyramid;
  const [first] = shapes;
  if (first === undefined)
    fail('invalid-dims', path(0).replace(/\[0\].*/, ''), 'is an empty list', 'a list of at least one map');
  const { channels } = first;
  let rows = 0;
  // A plain loop: calls for new sizes come by here.
  for (let i = 0; i < shapes.length; i++) {
    const shape = shapes[i] as FeatureMapShape;
    if (shape.channels !== channels) failChannels(shapes, i, layout, path);
    rows += shape.batch;
  }
  const outputDims = ragged || first.batched ? [rows, channels * bins] : [channels * bins];
  const batch = { shapes, ragged, outputDims };
  if (!ragged) pyramid.last = batch;
  return batch;
}

/** Fails for a map that has another number of channels than the first one, and says where another layout would fit them all. */
function failChannels(
  shapes: readonly FeatureMapShape[],
  other: number,
  layout: Layout,
  path: (i: number) => string,
): never {
  const first = shapes[0] as FeatureMapShape;
  const another = layout === 'NCHW' ? 'NHWC' : 'NCHW';
  const channelsOf = ({ dims, batched }: FeatureMapShape) =>
    dims[another === 'NHWC' ? dims.length - 1 : Number(batched)];
  const agree = shapes.every((shape) => channelsOf(shape) === channelsOf(first));
  const hint = agree ? `; if these maps are ${another}, make the pool with layout: '${another}'` : '';
  fail(
    'invalid-dims',
    path(other),
    `has ${shapes[other]?.channels} channels`,
    `of ${first.channels} channels, as ${path(0)} is${hint}`,
  );
}
