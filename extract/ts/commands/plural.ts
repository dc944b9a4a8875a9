/** A number of things in words. */
export const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;

export function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let all = 0;
  for (const item of items) all += of(item);
  return all;
}
