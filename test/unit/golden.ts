/** The answers of PyTorch, and of plain loops where it has no such rule. */

import type { Bins, Reduction } from 'pyramid-pool';
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
