/** Helpers for tests of wrong arguments. */
import { createPyramidPool, PyramidPoolError, type PyramidPoolErrorCode } from 'pyramid-pool';
import { afterEach, expect } from 'vitest';
import { expectSame } from './bits.js';
import { useRuntime } from './runtimes.js';

/** Expects an error of this package, with a message that holds all of `words`. */
export async function expectError(
  call: () => unknown,
  code: PyramidPoolErrorCode,
  ...words: string[]
): Promise<void> {
  const error = await Promise.resolve()
    .then(call)
    .then(
      () => expect.fail(`no error, but ${code} was due`),
      (reason) => reason,
    );
  expect(error).toBeInstanceOf(PyramidPoolError);
  expect(error).toBeInstanceOf(Error);
  expect(error.code).toBe(code);
  for (const word of words) expect(error.message).toContain(word);
}

// biome-ignore lint/suspicious/noExplicitAny: wrong arguments are the point
export const wrong = (value: unknown): any => value;

/** Calls `createPyramidPool` with any value as options. */
export const make = (options: unknown) => () => createPyramidPool(wrong(options));

/** A map of zeros. */
export const map = (...dims: number[]) => ({ data: new Float32Array(dims.reduce((a, b) => a * b, 1)), dims });

/** A runtime for the tests of a file. After each test it must still give right answers. */
export function useLastingRuntime() {
  const runtime = useRuntime({ variant: 'simd' });
  const pool = (options: object = {}) =>
    createPyramidPool({ levels: [2, 1], runtime: runtime(), ...options });
  afterEach(async () => {
    const { output, indices } = (await pool()).forwardWithIndices({
      data: Float32Array.of(1, 4, 3, 2),
      dims: [1, 2, 2],
    });
    expectSame(output.data, [1, 4, 3, 2, 4], 'output');
    expectSame(indices.data, [0, 1, 2, 3, 1], 'indices');
  });
  return { runtime, pool };
}
