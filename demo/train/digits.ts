import { resample } from '../ink/resample.js';
import { type Random, shuffled } from './random.js';

/** Every digit drawn of one class, one after another: 28 x 28 values from 0 (paper) to 1 (ink) each. */
export interface RawDigits {
  readonly label: number;
  readonly values: ArrayLike<number>;
}

/** One handwritten digit, cut down to the rectangle its ink fills: nearly every one has a size of its own. */
export interface Digit {
  readonly label: number;
  readonly height: number;
  readonly width: number;
  readonly pixels: Float32Array;
}

const RAW_SIDE = 28;
const RAW_SIZE = RAW_SIDE * RAW_SIDE;

export function countDigits(classes: readonly RawDigits[]): number {
  return classes.reduce((sum, { values }) => sum + Math.floor(values.length / RAW_SIZE), 0);
}

export function decodeDigits(classes: readonly RawDigits[]): Digit[] {
  return classes.flatMap(({ label, values }) => {
    const count = Math.floor(values.length / RAW_SIZE);
    return Array.from({ length: count }, (_, i) => cropToInk(label, values, i * RAW_SIZE));
  });
}

function cropToInk(label: number, values: ArrayLike<number>, start: number): Digit {
  const { top, left, bottom, right } = inkBox(values, start);
  const height = bottom - top;
  const width = right - left;
  const pixels = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      pixels[y * width + x] = values[start + (top + y) * RAW_SIDE + left + x];
    }
  }
  return { label, height, width, pixels };
}

function inkBox(values: ArrayLike<number>, start: number) {
  let top = RAW_SIDE;
  let left = RAW_SIDE;
  let bottom = 0;
  let right = 0;
  for (let i = 0; i < RAW_SIZE; i++) {
    if (!(values[start + i] > 0)) continue;
    const y = Math.floor(i / RAW_SIDE);
    const x = i % RAW_SIDE;
    top = Math.min(top, y);
    left = Math.min(left, x);
    bottom = Math.max(bottom, y + 1);
    right = Math.max(right, x + 1);
  }
  // A blank square has no ink to crop to; it stays whole.
  return bottom === 0 ? { top: 0, left: 0, bottom: RAW_SIDE, right: RAW_SIDE } : { top, left, bottom, right };
}

/** Sets digits aside that training will never see. */
export function splitDigits(digits: readonly Digit[], heldOut: number, random: Random) {
  const mixed = shuffled(digits, random);
  return { test: mixed.slice(0, heldOut), training: mixed.slice(heldOut) };
}

/** The digit drawn larger or smaller. */
export function scaleDigit(digit: Digit, scale: number): Digit {
  if (scale === 1) return digit;
  const { height, width } = scaledSize(digit, scale);
  const { values } = resample({ ...digit, values: digit.pixels }, height, width);
  return { label: digit.label, height, width, pixels: values };
}

export function scaledSize({ height, width }: Digit, scale: number): { height: number; width: number } {
  return { height: Math.max(1, Math.round(height * scale)), width: Math.max(1, Math.round(width * scale)) };
}
