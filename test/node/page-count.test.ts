/** The word in shared memory that has the number of pages. */
import { expect, test, vi } from 'vitest';
import { PageCount } from '../../ts/memory/page-count.js';

const words = () => new Int32Array(new SharedArrayBuffer(16));

test('holds the most that any thread has told', () => {
  const shared = words();
  const [one, other] = [new PageCount(shared, 2), new PageCount(shared, 2)];
  expect(one.pages).toBe(0);
  one.raise(5);
  expect(other.pages).toBe(5);
  other.raise(3);
  expect(one.pages).toBe(5);
  other.raise(65536);
  expect(one.pages).toBe(65536);
  // The words beside it are not its own.
  expect([...shared]).toEqual([0, 0, 65536, 0]);
});

test.each([
  [7, 9, 9],
  [7, 4, 7],
])('of two threads that tell at once, %i and %i, the larger stays', (mine, others, most) => {
  const shared = words();
  const another = (array: Int32Array, at: number) => {
    // Another thread comes first, so this exchange fails.
    array[at] = others;
    return others;
  };
  const exchange = vi.spyOn(Atomics, 'compareExchange').mockImplementationOnce(another as never);
  try {
    new PageCount(shared, 0).raise(mine);
  } finally {
    exchange.mockRestore();
  }
  expect(shared[0]).toBe(most);
});
