/** All engines on the same small maps, bit for bit: some thousands here, as many as there is time for by `npm run fuzz`. */
import { expect, test } from 'vitest';
import { minutes, report, seed, timeout } from '../fuzz/budget.js';
import { compare } from '../fuzz/differential.js';
import { canShareMemory, checkedRuntimes, useRuntime } from './runtimes.js';

const FEW_BATCHES = 4;

const engines = [
  useRuntime({ variant: 'scalar' }),
  useRuntime({ variant: 'simd' }),
  ...checkedRuntimes.map((options) => useRuntime(options)),
  ...(canShareMemory ? [useRuntime({ variant: 'simd-threads', threads: 2 })] : []),
];

test('small maps of all sizes and types give what plain loops give', { timeout }, async () => {
  const runtimes = engines.map((runtime) => runtime());
  const until = performance.now() + 60_000 * minutes;
  let cases = 0;
  for (let batch = 0; batch < FEW_BATCHES || performance.now() < until; batch++) {
    cases += await compare(seed + batch, runtimes);
  }
  report('small maps in all engines', { cases, engines: runtimes.map(({ variant }) => variant) });
  expect(cases).toBeGreaterThan(1000);
});
