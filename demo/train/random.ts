/** Numbers in [0, 1) that a seed fixes on every machine. */
export type Random = () => number;

/** Marsaglia's 32-bit xorshift: short, and good enough for shuffles and first weights. */
export function seededRandom(seed: number): Random {
  // Seeds that are close start far apart; a state of 0 would stay 0.
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** From the normal distribution around 0 (Box and Muller). */
export function normal(random: Random, deviation: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return deviation * radius * Math.cos(2 * Math.PI * random());
}

/** A shuffled copy (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const kept = result[i];
    result[i] = result[j];
    result[j] = kept;
  }
  return result;
}
