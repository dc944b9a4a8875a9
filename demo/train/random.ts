/** Numbers in [0, 1) that a seed fixes on every machine. */
export type Random = () => number;

/** A counter run through an integer hash: short, and good enough for shuffles and first weights. */
export function seededRandom(seed: number): Random {
  let counter = Math.imul(seed, 0x9e3779b1);
  return () => {
    counter = (counter + 0x6d2b79f5) | 0;
    let hash = counter ^ (counter >>> 16);
    hash = Math.imul(hash, 0x21f0aaad);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x735a2d97);
    hash ^= hash >>> 15;
    return (hash >>> 0) / 2 ** 32;
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
