import { expect } from 'vitest';

/** Expects the same bits, any NaN for any NaN: zeros of both signs differ. */
export function expectBits(actual: Float32Array, expected: Float32Array, what: string): void {
  expectLength(actual, expected, what);
  const [actualBits, expectedBits] = [words(actual), words(expected)];
  for (let i = differenceFrom(0, actualBits, expectedBits); i >= 0; ) {
    if (!(Number.isNaN(actual[i]) && Number.isNaN(expected[i]))) failAt(i, actual, expected, what);
    i = differenceFrom(i + 1, actualBits, expectedBits);
  }
}

/** Expects the same numbers. */
export function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expectLength(actual, expected, what);
  const i = differenceFrom(0, actual, expected);
  if (i >= 0) failAt(i, actual, expected, what);
}

/** Expects every element within `tolerance`, and infinities and NaN in the same places. */
export function expectClose(
  actual: Float32Array,
  expected: Float32Array,
  tolerance: number,
  what: string,
): void {
  expectLength(actual, expected, what);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i] as number, expected[i] as number];
    if (!(Math.abs(a - b) <= tolerance || Object.is(a, b))) failAt(i, actual, expected, what);
  }
}

/** The largest finite magnitude, at least 1: what tolerances are relative to. */
export function largestFinite(values: Float32Array): number {
  return values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 1);
}

/** The first place from `start` on where two arrays differ. A bare loop, since the tests compare billions of elements. */
function differenceFrom(start: number, a: ArrayLike<number>, b: ArrayLike<number>): number {
  for (let i = start; i < b.length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

function expectLength(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
}

/** Names the place. The test runner's own comparison takes seconds on arrays of this size. */
function failAt(i: number, actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): never {
  expect.fail(`${what}: element ${i} is ${actual[i]} instead of ${expected[i]}`);
}

function words({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}
