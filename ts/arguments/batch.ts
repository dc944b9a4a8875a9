import { fail, mapList } from './checks.js';
import { type FeatureMapShape, featureMapShape, type Layout, type SpatialDims } from './feature-map.js';

/** The shapes of a call: one map's, or those of several maps of different sizes, whose rows follow each other. */
export interface Batch {
  readonly shapes: readonly FeatureMapShape[];
  /** Whether the caller gave a list of maps. */
  readonly ragged: boolean;
  /** `dims` of the output. A single map of rank 3 has one row and no axis for it. */
  readonly outputDims: readonly number[];
}

/** Works out the shapes of a call from the `dims` of its maps; `bins` is what a pyramid makes of one channel. */
export function describeBatch(
  dims: readonly unknown[],
  ragged: boolean,
  { layout, spatialDims, bins }: { layout: Layout; spatialDims: SpatialDims; bins: number },
  path: (i: number) => string,
): Batch {
  const shapes = mapList(dims, 'dims', 'invalid-dims', (dims, i) =>
    featureMapShape(dims, layout, path(i), spatialDims),
  );
  const [first] = shapes;
  if (first === undefined)
    fail('invalid-dims', path(0), 'is missing', 'there: a list of maps needs at least one');
  const { channels } = first;
  const other = shapes.findIndex((shape) => shape.channels !== channels);
  if (other > 0) {
    const another = layout === 'NCHW' ? 'NHWC' : 'NCHW';
    const channelsOf = ({ dims, batched }: FeatureMapShape) =>
      dims[another === 'NHWC' ? dims.length - 1 : Number(batched)];
    const agree = shapes.every((shape) => channelsOf(shape) === channelsOf(first));
    const hint = agree ? `; if these maps are ${another}, make the pool with layout: '${another}'` : '';
    fail(
      'invalid-dims',
      path(other),
      `has ${shapes[other]?.channels} channels`,
      `of ${channels} channels, as ${path(0)} is${hint}`,
    );
  }
  const rows = shapes.reduce((sum, { batch }) => sum + batch, 0);
  const outputDims = ragged || first.batched ? [rows, channels * bins] : [channels * bins];
  return { shapes, ragged, outputDims };
}
