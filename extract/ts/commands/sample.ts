/** Draws so many items, all different, the same ones for the same seed; all of them where there are no more. */
export function drawSample<T>(items: readonly T[], size: number, seed: number): T[] {
  const random = generator(seed);
  const left = [...items];
  const chosen: T[] = [];
  while (chosen.length < size && left.length > 0) {
    const at = Math.floor(random() * left.length);
    chosen.push(left[at]!);
    left[at] = left.at(-1)!;
    left.pop();
  }
  return chosen;
}

/** Numbers from 0 to 1 by a generator of 32 bits (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
