import fc from 'fast-check';
import { describe, test } from 'vitest';
import { casesOf, expectReference } from './cases.js';
import { engineOptions, useRuntime } from './engines.js';

describe.each(engineOptions.filter(({ threads }) => !threads || threads === 2))(
  '$variant $threads',
  (options) => {
    const runtime = useRuntime(options);

    test('agrees with the reference on random maps', { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(casesOf(20), (drawn) => expectReference(drawn, [runtime()])),
        { numRuns: 600 },
      );
    });
  },
);
