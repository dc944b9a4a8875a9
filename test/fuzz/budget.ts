/** How many random cases are tried: a few, or as many as go into the minutes that `npm run fuzz` was given. */
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    random: { seed: number; minutes: number; calls: number };
  }
}

export const { seed, minutes } = given();

/** What the configuration says; in a worker of the tests' own nobody can be asked. */
function given(): { seed: number; minutes: number } {
  const inWorker = typeof window === 'undefined' && typeof process === 'undefined';
  return inWorker ? { seed: 1, minutes: 0 } : inject('random');
}

/** Milliseconds that a test of random cases may take. */
export const timeout = 120_000 + 60_000 * minutes;

/** What fast-check runs: `few` cases, where no minutes were given; a fraction of those minutes, where they are shared. */
export function budget(few: number, fraction = 1) {
  return minutes === 0
    ? { seed, numRuns: few }
    : {
        seed,
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: 60_000 * minutes * fraction,
        markInterruptAsFailure: false,
      };
}

/** Prints what a run has seen, as one line that `npm run fuzz` can read. */
export function report(name: string, figures: Record<string, unknown>): void {
  console.log(`figures ${JSON.stringify({ name, seed, ...figures })}`);
}
