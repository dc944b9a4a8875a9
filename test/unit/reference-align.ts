/** torchvision's RoIAlign in plain loops, every operation rounded to 32 bits in its order: what all kernels must give. */

export interface AlignRule {
  readonly spatialScale: number;
  /** Samples of a bin along each axis; 0 or less: as many as the bin has cells, rounded up. */
  readonly samplingRatio: number;
  readonly aligned: boolean;
}

type Shape = readonly [batch: number, channels: number, height: number, width: number];
type Grid = readonly [rows: number, columns: number];

/** Cells of a plane and their weights: upper left, upper right, lower left, lower right. */
export interface Sample {
  readonly cells: readonly [number, number, number, number];
  readonly weights: readonly [number, number, number, number];
  /** It reads the first cell, which counts only where that is not finite. */
  readonly isOutside: boolean;
}

/** How one level of a region is sampled. */
export interface SampledLevel {
  /** For each bin, in row-major order, its samples. */
  readonly bins: readonly (readonly Sample[])[];
  /** What the sum of a bin is divided by. */
  readonly count: number;
}

const f = Math.fround;
const OUTSIDE: Sample = { cells: [0, 0, 0, 0], weights: [0, 0, 0, 0], isOutside: true };

/** The samples of a region, `[item, x1, y1, x2, y2]`, in a level of so many bins. */
export function sampleLevel(
  region: ArrayLike<number>,
  [height, width]: readonly [number, number],
  [rows, columns]: Grid,
  { spatialScale, samplingRatio, aligned }: AlignRule,
): SampledLevel {
  const axis = (first: number, last: number, n: number) => {
    const corner = (i: number) => f(f(f(region[i] as number) * f(spatialScale)) - (aligned ? 0.5 : 0));
    const start = corner(first);
    const extent = f(corner(last) - start);
    const each = f((aligned ? extent : Math.max(extent, 1)) / n);
    const samples = samplingRatio > 0 ? samplingRatio : Math.max(0, Math.ceil(each));
    const place = (bin: number, i: number) => f(f(start + f(bin * each)) + f(f((i + 0.5) * each) / samples));
    return { samples, place };
  };
  const [down, along] = [axis(2, 4, rows), axis(1, 3, columns)];
  const bins = Array.from({ length: rows * columns }, (_, bin) =>
    Array.from({ length: down.samples * along.samples }, (_, i) => {
      const y = down.place(Math.floor(bin / columns), Math.floor(i / along.samples));
      const x = along.place(bin % columns, i % along.samples);
      return sampleAt(y, x, height, width);
    }),
  );
  return { bins, count: Math.max(1, down.samples * along.samples) };
}

function sampleAt(y: number, x: number, height: number, width: number): Sample {
  const [vertical, horizontal] = [around(y, height), around(x, width)];
  if (!vertical || !horizontal) return OUTSIDE;
  const [top, bottom] = vertical.cells.map((row) => row * width) as [number, number];
  const [left, right] = horizontal.cells;
  const [up, low] = vertical.weights;
  const [near, far] = horizontal.weights;
  return {
    cells: [top + left, top + right, bottom + left, bottom + right],
    weights: [f(up * near), f(up * far), f(low * near), f(low * far)],
    isOutside: false,
  };
}

/** The cells at both sides of a position along an axis, and their weights. */
function around(position: number, size: number) {
  if (!(position >= -1 && position <= size)) return undefined;
  const inside = Math.max(position, 0);
  const low = Math.floor(inside);
  if (low >= size - 1) return { cells: [size - 1, size - 1], weights: [1, 0] } as const;
  const far = f(inside - low);
  return { cells: [low, low + 1], weights: [f(1 - far), far] } as const;
}

/** The output in NCHW and the order of levels. */
export function referenceAlign(
  map: Float32Array,
  [, channels, height, width]: Shape,
  levels: readonly Grid[],
  rois: Float32Array,
  rule: AlignRule,
): Float32Array {
  const all = levels.reduce((sum, [rows, columns]) => sum + rows * columns, 0);
  const output = new Float32Array((rois.length / 5) * channels * all);
  let next = 0;
  for (let at = 0; at < rois.length; at += 5) {
    const region = rois.subarray(at, at + 5);
    for (const grid of levels) {
      const { bins, count } = sampleLevel(region, [height, width], grid, rule);
      for (let channel = 0; channel < channels; channel++) {
        const plane = ((region[0] as number) * channels + channel) * height * width;
        for (const samples of bins) {
          let sum = 0;
          for (const sample of samples) sum = f(sum + interpolate(map, plane, sample));
          output[next++] = f(sum / count);
        }
      }
    }
  }
  return output;
}

function interpolate(map: Float32Array, plane: number, { cells, weights }: Sample): number {
  const part = (i: 0 | 1 | 2 | 3) => f(weights[i] * (map[plane + cells[i]] as number));
  return f(f(f(part(0) + part(1)) + part(2)) + part(3));
}

/** The gradient in NCHW: that of each level, rounded by `round`, added from the last level to the first. */
export function referenceAlignBackward(
  gradOutput: Float32Array,
  shape: Shape,
  levels: readonly Grid[],
  rois: Float32Array,
  rule: AlignRule,
  round: (value: number) => number = f,
): Float32Array {
  const [batch, channels, height, width] = shape;
  const cells = batch * channels * height * width;
  const sums = levels.map(() => new Float32Array(cells));
  let at = 0;
  for (let first = 0; first < rois.length; first += 5) {
    const region = rois.subarray(first, first + 5);
    levels.forEach((grid, level) => {
      const { bins, count } = sampleLevel(region, [height, width], grid, rule);
      const sum = sums[level] as Float32Array;
      for (let channel = 0; channel < channels; channel++) {
        const plane = ((region[0] as number) * channels + channel) * height * width;
        for (const samples of bins) addBin(sum, plane, samples, gradOutput[at++] as number, count);
      }
    });
  }
  const [last, ...others] = sums.map((sum) => sum.map(round)).reverse() as [Float32Array, ...Float32Array[]];
  return others.reduce((total, sum) => total.map((value, i) => round(f(value + (sum[i] as number)))), last);
}

function addBin(
  sum: Float32Array,
  plane: number,
  samples: readonly Sample[],
  gradient: number,
  count: number,
): void {
  for (const { cells, weights, isOutside } of samples) {
    if (isOutside) continue;
    for (let i = 0; i < 4; i++) {
      const cell = plane + (cells[i] as number);
      sum[cell] = f((sum[cell] as number) + f(f(gradient * (weights[i] as number)) / count));
    }
  }
}
