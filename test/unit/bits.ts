import { expect } from 'vitest';

/** Expects the same bits, any NaN for any NaN: zeros of both signs differ. */
export function expectBits(actual: Float32Array, expected: Float32Array, what: string): void {
  const [actualBits, expectedBits] = [words(actual), words(expected)];
  const differ = (i: number) =>
    actualBits[i] !== expectedBits[i] && !(Number.isNaN(actual[i]) && Number.isNaN(expected[i]));
  expectAll(actual, expected, what, differ);
}

/** Expects the same numbers. */
export function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expectAll(actual, expected, what, (i) => actual[i] !== expected[i]);
}

/** Expects every element within `tolerance`, and infinities and NaN in the same places. */
export function expectClose(
  actual: Float32Array,
  expected: Float32Array,
  tolerance: number,
  what: string,
): void {
  expectAll(actual, expected, what, (i) => {
    const [a, b] = [actual[i] as number, expected[i] as number];
    return !(Math.abs(a - b) <= tolerance || Object.is(a, b));
  });
}

/** The largest finite magnitude, at least 1: what tolerances are relative to. */
export function largestFinite(values: Float32Array): number {
  return values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 1);
}

/** Names the first place that differs. The test runner's own comparison takes seconds on arrays of this size. */
function expectAll(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  differ: (i: number) => boolean,
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (differ(i)) expect.fail(`${what}: element ${i} is ${actual[i]} instead of ${expected[i]}`);
  }
}

function words({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}
