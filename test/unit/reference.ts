/** Spatial pyramid max pooling in plain, readable loops, which every variant is compared with. */
import type { Bins } from 'pyramid-pool';

type Shape = readonly [batch: number, channels: number, height: number, width: number];
type Levels = readonly (readonly [rows: number, columns: number])[];

/** Which cells bin `i` of `n` reads along an axis, rule by rule; undefined where a rule does not give `n` bins. */
export const rules: Record<
  Bins,
  (size: number, n: number, i: number) => readonly [start: number, end: number] | undefined
> = {
  adaptive: (size, n, i) => [Math.floor((i * size) / n), Math.ceil(((i + 1) * size) / n)],
  sliding(size, n, i) {
    const [window, stride] = [Math.ceil(size / n), Math.floor(size / n)];
    const fits = stride > 0 && Math.floor((size - window) / stride) + 1 === n;
    return fits ? [i * stride, i * stride + window] : undefined;
  },
  padded(size, n, i) {
    const window = Math.ceil(size / n);
    const padding = Math.floor((window * n - size + 1) / 2);
    const start = i * window - padding;
    return padding < window ? [Math.max(start, 0), Math.min(start + window, size)] : undefined;
  },
};

/** The names of all rules. */
export const ruleNames = Object.keys(rules) as Bins[];

/** Calls `visit` for every bin, in NCHW order. */
function forEachBin(
  [batch, channels, height, width]: Shape,
  levels: Levels,
  bins: Bins,
  visit: (bin: { level: number; at: number; plane: number; cells: number[] }) => void,
): void {
  let at = 0;
  for (let item = 0; item < batch; item++) {
    levels.forEach(([rows, columns], level) => {
      for (let channel = 0; channel < channels; channel++) {
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            const cells: number[] = [];
            const [top, bottom] = rules[bins](height, rows, i) as [number, number];
            const [left, right] = rules[bins](width, columns, j) as [number, number];
            for (let y = top; y < bottom; y++) {
              for (let x = left; x < right; x++) cells.push(y * width + x);
            }
            visit({ level, at: at++, plane: (item * channels + channel) * height * width, cells });
          }
        }
      }
    });
  }
}

/** The first of equal maxima wins; NaN wins over everything, the last one over the others. */
export function referenceForward(
  x: Float32Array,
  shape: Shape,
  levels: Levels,
  bins: Bins,
): { output: Float32Array; indices: Int32Array } {
  const output: number[] = [];
  const indices: number[] = [];
  forEachBin(shape, levels, bins, ({ plane, cells }) => {
    let best = Number.NEGATIVE_INFINITY;
    let index = cells[0] as number;
    for (const cell of cells) {
      const value = x[plane + cell] as number;
      if (value > best || Number.isNaN(value)) [best, index] = [value, cell];
    }
    output.push(best);
    indices.push(index);
  });
  return { output: Float32Array.from(output), indices: Int32Array.from(indices) };
}

/**
 * The gradients of each level are added in planes of its own, which are then added from the last level to the first. Each sum is
 * rounded to the type of the gradients.
 */
export function referenceBackward(
  gradOutput: Float32Array,
  indices: Int32Array,
  shape: Shape,
  levels: Levels,
  bins: Bins,
  round: (sum: number) => number = Math.fround,
): Float32Array {
  const length = shape.reduce((product, size) => product * size, 1);
  const byLevel = levels.map(() => new Float32Array(length));
  forEachBin(shape, levels, bins, ({ level, at, plane }) => {
    const sums = byLevel[level] as Float32Array;
    const cell = plane + (indices[at] as number);
    sums[cell] = round((sums[cell] as number) + (gradOutput[at] as number));
  });
  return byLevel.reduceRight((sum, level) => sum.map((value, i) => round(value + (level[i] as number))));
}
