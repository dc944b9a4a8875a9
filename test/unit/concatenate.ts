import type { Elements } from './layouts.js';

/** The elements of several arrays in one of a class. */
export function concatenate<A extends Elements>(Class: new (length: number) => A, arrays: readonly A[]): A {
  const all = new Class(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
