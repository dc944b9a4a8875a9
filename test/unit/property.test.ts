/** All engines on the same random cases, bit for bit. */
import fc from 'fast-check';
import { test } from 'vitest';
import { budget, report, timeout } from '../fuzz/budget.js';
import { type Case, casesOf, expectAgreement, expectReference, largeCases } from './cases.js';
import { canShareMemory, checkedRuntimes, useRuntime } from './runtimes.js';

const engines = [
  useRuntime({ variant: 'scalar' }),
  useRuntime({ variant: 'simd' }),
  ...checkedRuntimes.map((options) => useRuntime(options)),
  ...(canShareMemory ? [useRuntime({ variant: 'simd-threads', threads: 2 })] : []),
];

test.each<[string, fc.Arbitrary<Case>, typeof expectReference, number, number]>([
  ['random maps give what the reference gives', casesOf(20), expectReference, 500, 0.5],
  ['all types and regions are the same in all engines', casesOf(20), expectAgreement, 200, 0.25],
  ['large maps are the same in all engines', largeCases, expectAgreement, 2, 0.25],
])('%s', { timeout }, async (name, cases, expectRight, few, fraction) => {
  const runtimes = engines.map((runtime) => runtime());
  let count = 0;
  const property = fc.asyncProperty(cases, async (drawn) => {
    await expectRight(drawn, runtimes);
    count++;
  });
  await fc.assert(property, budget(few, fraction));
  report(name, { cases: count, engines: runtimes.map(({ variant }) => variant) });
});
