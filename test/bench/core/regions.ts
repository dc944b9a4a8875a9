import { type Case, cellsOf, outputLengthOf } from './case.js';

/** Pixels of the image for each cell of the map, along each axis. */
export const PIXELS = 16;

/** Regions that lie inside the image, of all sizes. */
export function randomRegions(
  { dims: [, , height, width], regions = 0 }: Case,
  random: () => number,
): Float32Array {
  // `random` gives -2 to 2.
  const upTo = (size: number) => Math.floor(((random() + 2) / 4) * size * PIXELS);
  const side = (size: number) => [upTo(size), upTo(size)].sort((a, b) => a - b) as [number, number];
  const all = Array.from({ length: regions }, () => {
    const [[x1, x2], [y1, y2]] = [side(width), side(height)];
    return [0, x1, y1, x2, y2];
  });
  return Float32Array.from(all.flat());
}

/** The cells of bin `i` of `n` between two pixels along an axis, by torchvision's rule, in its 32-bit arithmetic. */
function bin(first: number, last: number, n: number, i: number, size: number): [start: number, end: number] {
  const start = Math.round(first / PIXELS);
  const length = Math.max(Math.round(last / PIXELS) - start + 1, 1);
  const each = Math.fround(length / n);
  const clip = (cell: number) => Math.min(Math.max(cell + start, 0), size);
  return [clip(Math.floor(Math.fround(i * each))), clip(Math.ceil(Math.fround((i + 1) * each)))];
}

/** Pools every region in plain loops: the baseline, and the expected answers. */
export function poolRegions(c: Case, map: Float32Array, regions: Float32Array) {
  const result = { output: new Float32Array(outputLengthOf(c)), indices: new Int32Array(outputLengthOf(c)) };
  poolRegionsInto(c, map, regions, result.output, result.indices);
  return result;
}

export function poolRegionsInto(
  { dims: [, channels, height, width], levels }: Case,
  map: Float32Array,
  regions: Float32Array,
  output: Float32Array,
  indices: Int32Array,
): void {
  let at = 0;
  for (let region = 0; region < regions.length; region += 5) {
    const [x1, y1, x2, y2] = regions.subarray(region + 1, region + 5) as unknown as [
      number,
      number,
      number,
      number,
    ];
    for (const n of levels) {
      const rows = Array.from({ length: n }, (_, i) => bin(y1, y2, n, i, height));
      const columns = Array.from({ length: n }, (_, i) => bin(x1, x2, n, i, width));
      for (let channel = 0; channel < channels; channel++) {
        const plane = channel * height * width;
        for (const [top, bottom] of rows) {
          for (const [left, right] of columns) {
            const place = placeOfMaximum(map, plane, width, top, bottom, left, right);
            output[at] = place < 0 ? 0 : map[plane + place]!;
            indices[at++] = place;
          }
        }
      }
    }
  }
}

function placeOfMaximum(
  map: Float32Array,
  plane: number,
  width: number,
  top: number,
  bottom: number,
  left: number,
  right: number,
): number {
  let best = Number.NEGATIVE_INFINITY;
  let place = -1;
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const value = map[plane + row * width + column]!;
      if (value > best) {
        best = value;
        place = row * width + column;
      }
    }
  }
  return place;
}

/** The gradient of every bin added to the cell of its index, in the order of the output. */
export function spreadRegions(
  { dims: [, channels, height, width], levels, regions = 0 }: Case,
  gradOutput: Float32Array,
  indices: Int32Array,
  gradInput: Float32Array,
): void {
  gradInput.fill(0);
  let at = 0;
  for (let region = 0; region < regions; region++) {
    for (const n of levels) {
      for (let channel = 0; channel < channels; channel++) {
        const plane = channel * height * width;
        for (let i = 0; i < n * n; i++, at++) {
          const cell = indices[at]!;
          if (cell >= 0) gradInput[plane + cell] = gradInput[plane + cell]! + gradOutput[at]!;
        }
      }
    }
  }
}

/** The gradient as PyTorch adds it up: a sum for each level, and these from the last level to the first. */
export function regionsGradient(c: Case, gradOutput: Float32Array, indices: Int32Array): Float32Array {
  const { levels } = c;
  const sums = levels.map((_, level) => {
    const only = gradOutput.slice();
    let at = 0;
    for (let region = 0; region < (c.regions ?? 0); region++) {
      levels.forEach((n, other) => {
        const length = c.dims[1] * n * n;
        if (other !== level) only.fill(0, at, at + length);
        at += length;
      });
    }
    const sum = new Float32Array(cellsOf(c));
    spreadRegions(c, only, indices, sum);
    return sum;
  });
  return sums.reduceRight((sum, level) => sum.map((value, i) => value + level[i]!));
}
