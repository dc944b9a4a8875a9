import type { Case } from './case.js';

/** A feature map, NCHW, as NHWC. */
export function toNhwc(map: Float32Array, { dims: [batch, channels, height, width] }: Case): Float32Array {
  const cells = height * width;
  const result = new Float32Array(map.length);
  for (let item = 0; item < batch; item++) {
    transpose(map, result, item * channels * cells, channels, cells);
  }
  return result;
}

/** The gradient with respect to a map, NHWC, as NCHW. */
export function fromNhwc(map: Float32Array, { dims: [batch, channels, height, width] }: Case): Float32Array {
  const cells = height * width;
  const result = new Float32Array(map.length);
  for (let item = 0; item < batch; item++) {
    transpose(map, result, item * channels * cells, cells, channels);
  }
  return result;
}

/** An output whose levels are `[n, n, C]` as one whose levels are `[C, n, n]`. */
export function outputFromNhwc<T extends Float32Array | Int32Array>(output: T, c: Case): T {
  return eachLevel(output, c, (bins, channels) => [bins, channels]);
}

/** The other way round. */
export function outputToNhwc<T extends Float32Array | Int32Array>(output: T, c: Case): T {
  return eachLevel(output, c, (bins, channels) => [channels, bins]);
}

function eachLevel<T extends Float32Array | Int32Array>(
  output: T,
  { dims: [batch, channels], levels }: Case,
  shape: (bins: number, channels: number) => [rows: number, columns: number],
): T {
  const result = output.slice() as T;
  let at = 0;
  for (let item = 0; item < batch; item++) {
    for (const n of levels) {
      const [rows, columns] = shape(n * n, channels);
      transpose(output, result, at, rows, columns);
      at += rows * columns;
    }
  }
  return result;
}

/** Turns `rows x columns` elements from `at` on. */
function transpose<T extends Float32Array | Int32Array>(
  from: T,
  to: T,
  at: number,
  rows: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) to[at + j * rows + i] = from[at + i * columns + j]!;
  }
}
