import { checkOptions, describeValue, fail, mapList } from '../arguments/checks.js';

/** A window of an image: left, top, right and bottom, in 0-based pixels, the last ones included. */
export type Window = readonly [x1: number, y1: number, x2: number, y2: number];

/** What a window's scale is chosen from. */
export interface ScaleOptions {
  /** Short sides that the image is resized to; default those of the paper's detection. */
  scales?: readonly number[];
  /** The side of the square that a window should come nearest to; default 224, the paper's. SPP-net's code has 208 for ZF-5. */
  windowSize?: number;
}

/**
 * The paper's choice of scale for a window (section 4.2): of the short sides that an image is resized to, the one at which
 * the window's area is nearest to that of a square of `windowSize` pixels. `minSide` is the short side of the image itself.
 *
 * @param window in pixels of the image itself
 * @returns one of `options.scales`, in pixels
 * @example
 * ```js
 * import { chooseScale } from 'pyramid-pool';
 *
 * console.log(chooseScale([100, 80, 299, 279], 600)); // 688
 * ```
 * @throws `PyramidPoolError` with the code `invalid-regions` for a window that is none, `invalid-options` for sizes that are not positive numbers
 */
export function chooseScale(window: Window, minSide: number, options: ScaleOptions = {}): number {
  const checked = checkOptions(options, 'options', ['scales', 'windowSize']);
  const { scales = [480, 576, 688, 864, 1200], windowSize = 224 } = checked;
  const [x1, y1, x2, y2] = checkNumbers(window, 'window', 4);
  const area = ((x2 as number) - (x1 as number) + 1) * ((y2 as number) - (y1 as number) + 1);
  if (!(area > 0))
    fail(
      'invalid-regions',
      'window',
      `is ${describeValue(window)}`,
      'x1, y1, x2, y2 with x1 <= x2 and y1 <= y2',
    );
  checkPositive(minSide, 'minSide');
  checkPositive(windowSize, 'options.windowSize');
  const expected = Math.round((windowSize * minSide) / Math.sqrt(area));
  return checkNumbers(scales, 'options.scales').reduce((best, scale) =>
    Math.abs(scale - expected) < Math.abs(best - expected) ? scale : best,
  );
}

/**
 * A window of an image, in the pixels of the image resized from a short side of `minSide` to one of `scale`.
 *
 * @param window in pixels of the image itself
 * @example
 * ```js
 * import { scaleWindow } from 'pyramid-pool';
 *
 * const [x1, y1, x2, y2] = scaleWindow([0, 0, 99, 49], 300, 600);
 * console.log(x1, y1, x2.toFixed(1), y2.toFixed(1)); // 0 0 198.3 98.2
 * ```
 * @throws `PyramidPoolError` with the code `invalid-regions` or `invalid-options`
 */
export function scaleWindow(window: Window, minSide: number, scale: number): Window {
  checkPositive(minSide, 'minSide');
  checkPositive(scale, 'scale');
  const factor = minSide > 1 ? (scale - 1) / (minSide - 1) : scale;
  return checkNumbers(window, 'window', 4).map((pixel) => pixel * factor) as unknown as Window;
}

function checkPositive(value: number, path: string): void {
  if (!Number.isFinite(value) || value <= 0) {
    fail('invalid-options', path, `is ${describeValue(value)}`, 'a positive number');
  }
}

function checkNumbers(values: unknown, path: string, count?: number): readonly number[] {
  const must = `an array of ${count ?? 'one or more'} numbers`;
  const wrong = () => fail('invalid-options', path, `is ${describeValue(values)}`, must);
  if (!Array.isArray(values)) return wrong();
  const numbers = mapList(values, path, 'invalid-options', (value) =>
    Number.isFinite(value) ? (value as number) : wrong(),
  );
  const isRight = count === undefined ? numbers.length > 0 : numbers.length === count;
  return isRight ? numbers : wrong();
}
