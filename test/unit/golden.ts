/** The answers of PyTorch, and of plain loops where it has no such rule. */

import type { Bins, Reduction, RoiPyramidPoolOptions } from 'pyramid-pool';
import dataUrl from '../golden/data.bin?inline';
import index from '../golden/index.json' with { type: 'json' };

interface TensorEntry {
  dtype: 'f32' | 'i32';
  shape: number[];
  offset: number;
}

interface CaseEntry {
  id: string;
  kind: string;
  pool: string;
  shape: [number, number, number, number];
  levels: [number, number][];
  exact: string[];
  x_gen?: { seed: number; steps: number };
  spatial_scale?: number;
  offset0?: number;
  offset?: number;
  step?: number;
  tensors: Record<string, TensorEntry>;
}

/** The rule that each kind of case follows. */
const rules: Record<string, Bins> = { spp: 'adaptive', paper_sliding: 'sliding', caffe_spp: 'padded' };

/** A feature map with all that a pyramid makes of it. */
export interface GoldenCase {
  id: string;
  reduction: Reduction;
  bins: Bins;
  shape: [number, number, number, number];
  levels: [number, number][];
  x: Float32Array;
  y: Float32Array;
  /** Empty for averages. */
  argmax: Int32Array;
  gy: Float32Array;
  gx: Float32Array;
  /** Whether the gradient must agree bit for bit. */
  exact: boolean;
}

const bytes = await (await fetch(dataUrl)).arrayBuffer();

/** The cases that pool a whole map. */
export const goldenCases: GoldenCase[] = (index.cases as unknown as CaseEntry[])
  .filter(({ kind }) => kind in rules)
  .map((entry) => {
    const { id, shape, levels, tensors, exact } = entry;
    const x = entry.x_gen ? generate(entry.x_gen, count(shape)) : floats(tensors.x);
    const gx = tensors.gx
      ? floats(tensors.gx)
      : sparse(floats(tensors.gx_value), ints(tensors.gx_index), x.length);
    const [y, argmax, gy] = [floats(tensors.y), ints(tensors.argmax), floats(tensors.gy)];
    const bins = rules[entry.kind] as Bins;
    const reduction = entry.pool === 'max' ? 'max' : 'average';
    return { id, reduction, bins, shape, levels, x, y, argmax, gy, gx, exact: exact.includes('gx') };
  });

/** A feature map with regions of it, and what becomes of them. */
export interface GoldenRegions {
  id: string;
  /** The options that go with `levels`. */
  options: Omit<RoiPyramidPoolOptions, 'levels'>;
  shape: [number, number, number, number];
  levels: [number, number][];
  x: Float32Array;
  rois: Float32Array;
  y: Float32Array;
  /** Whether `y` holds maxima that were floored at zero. */
  floored: boolean;
  /** Where there are answers for them. */
  training?: { argmax: Int32Array; gy: Float32Array; gx: Float32Array; exact: boolean };
}

/** The cases of torchvision's RoI pooling, and of SPP-net's windows. */
export const goldenRegions: GoldenRegions[] = (index.cases as unknown as CaseEntry[]).flatMap(
  (entry): GoldenRegions[] => {
    const { id, levels, tensors } = entry;
    const [x, y] = [floats(tensors.x), floats(tensors.y)];
    if (entry.kind === 'roi_pool') {
      const [argmax, gy, gx] = [ints(tensors.argmax), floats(tensors.gy), floats(tensors.gx)];
      const training = { argmax, gy, gx, exact: entry.exact.includes('gx') };
      const options = { rule: 'roi-pool', spatialScale: entry.spatial_scale } as const;
      return [
        {
          id,
          options,
          shape: entry.shape,
          levels,
          x,
          rois: floats(tensors.rois),
          y,
          floored: false,
          training,
        },
      ];
    }
    if (entry.kind !== 'sppnet_window') return [];
    const { offset0, offset, step } = entry;
    const options = { rule: 'spp-net', offset0, offset, step } as const;
    const [channels, height, width] = entry.shape as unknown as [number, number, number];
    // Boxes are 1-based, and of one image.
    const boxes = floats(tensors.boxes);
    const rois = Float32Array.from({ length: (boxes.length / 4) * 5 }, (_, i) =>
      i % 5 === 0 ? 0 : (boxes[Math.floor(i / 5) * 4 + (i % 5) - 1] as number) - 1,
    );
    return [{ id, options, shape: [1, channels, height, width], levels, x, rois, y, floored: true }];
  },
);

function count(shape: number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function floats(entry: TensorEntry | undefined): Float32Array {
  return entry ? new Float32Array(bytes, entry.offset, count(entry.shape)) : new Float32Array();
}

function ints(entry: TensorEntry | undefined): Int32Array {
  return entry ? new Int32Array(bytes, entry.offset, count(entry.shape)) : new Int32Array();
}

function sparse(values: Float32Array, indices: Int32Array, length: number): Float32Array {
  const dense = new Float32Array(length);
  indices.forEach((at, i) => {
    dense[at] = values[i] as number;
  });
  return dense;
}

/** The generator that the big cases name: exact in `f32`. */
function generate({ seed, steps }: { seed: number; steps: number }, length: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const value = (state >>> 9) / 4194304 - 1;
    return steps > 0 ? Math.floor(value * steps) / steps : value;
  });
}
