import { expect, test } from 'vitest';
import { budget, report, timeout } from '../fuzz/budget.js';
import { fuzz } from '../fuzz/fuzz.js';

test('hostile arguments give errors with codes, and change nothing', { timeout }, async () => {
  const tally = await fuzz(budget(1500));
  report('hostile calls', { ...tally });
  expect(tally.calls).toBeGreaterThanOrEqual(1500);
});
