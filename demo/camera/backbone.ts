/** A backbone in its simplest form: one convolution, whose filters look for edges in eight directions. */

export const FILTERS = 8;
const STRIDE = 2;

/** `dims` of the features of a picture: `[filters, height, width]`. */
export function featureDims(width: number, height: number): [number, number, number] {
  const cells = (size: number) => Math.floor((size - 3) / STRIDE) + 1;
  return [FILTERS, cells(height), cells(width)];
}

/** Eight filters of three by three: each the slope of brightness in one direction. */
const filters = Array.from({ length: FILTERS }, (_, i) => {
  const angle = (i / FILTERS) * 2 * Math.PI;
  return Float32Array.from({ length: 9 }, (_, at) => {
    const [y, x] = [Math.floor(at / 3) - 1, (at % 3) - 1];
    return (Math.cos(angle) * x + Math.sin(angle) * y) / 6;
  });
});

/** Writes the features of a picture to `features`, where falling slopes are 0. */
export function convolve({ data, width, height }: ImageData, features: Float32Array): void {
  const [, rows, columns] = featureDims(width, height);
  const gray = brightness(data);
  let at = 0;
  for (const filter of filters) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++)
        features[at++] = Math.max(0, slope(gray, width, filter, (y * width + x) * STRIDE));
    }
  }
}

function slope(gray: Float32Array, width: number, filter: Float32Array, corner: number): number {
  return filter.reduce((sum, weight, i) => {
    const at = corner + Math.floor(i / 3) * width + (i % 3);
    return sum + weight * (gray[at] as number);
  }, 0);
}

function brightness(rgba: Uint8ClampedArray): Float32Array {
  const at = (i: number) => rgba[i] as number;
  return Float32Array.from({ length: rgba.length / 4 }, (_, i) => {
    return (0.299 * at(4 * i) + 0.587 * at(4 * i + 1) + 0.114 * at(4 * i + 2)) / 255;
  });
}
