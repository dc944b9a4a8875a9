/** Ink on paper, one value a pixel from 0 (paper) to 1 (ink), row by row. */
export interface Plane {
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** Less ink than this counts as paper. */
const FAINT = 0.1;

/** The ink of a picture in RGBA. The network learnt bright ink on black, so a picture with a bright border is inverted. */
export function inkOf(rgba: ArrayLike<number>, width: number, height: number): Plane {
  return inkOfGrey(brightnessOf(rgba, width, height));
}

/** How bright each pixel of a picture in RGBA is, from 0 to 1. */
export function brightnessOf(rgba: ArrayLike<number>, width: number, height: number): Plane {
  const values = new Float32Array(width * height);
  for (let i = 0; i < values.length; i++) {
    values[i] = (0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2]) / 255;
  }
  return { values, height, width };
}

/** The ink of a picture whose values are brightness. */
export function inkOfGrey(plane: Plane): Plane {
  return borderMean(plane) > 0.5 ? { ...plane, values: plane.values.map((value) => 1 - value) } : plane;
}

/** Mean of the outermost pixels: what a picture's paper is like. */
export function borderMean({ values, width, height }: Plane): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const [y, x] = [Math.floor(i / width), i % width];
    if (y > 0 && y < height - 1 && x > 0 && x < width - 1) continue;
    sum += values[i];
    count++;
  }
  return sum / count;
}

/** The rectangle that the ink fills, or nothing where there is none. */
export function cropToInk({ values, height, width }: Plane): Plane | undefined {
  let [top, left, bottom, right] = [height, width, 0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (values[i] <= FAINT) continue;
      if (y < top) top = y;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      bottom = y + 1;
    }
  }
  if (bottom === 0) return undefined;
  const [h, w] = [bottom - top, right - left];
  const cropped = new Float32Array(h * w);
  for (let y = 0; y < h; y++) {
    const from = (top + y) * width + left;
    cropped.set(values.subarray(from, from + w), y * w);
  }
  return { values: cropped, height: h, width: w };
}
