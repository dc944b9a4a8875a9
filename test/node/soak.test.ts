/** Memory stays flat: short here, a million calls by `npm run soak`. */
import { createRuntime } from 'pyramid-pool';
import { inject, test } from 'vitest';
import { report } from '../fuzz/budget.js';
import { expectFlatMemory } from '../fuzz/memory-growth.js';
import { soak } from '../fuzz/soak.js';

const { calls, seed } = inject('random');

test('calls of all kinds leave no more behind than the first of them', { timeout: 7_200_000 }, async () => {
  using runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
  const held = await expectFlatMemory(runtime, (part, parts) =>
    soak(runtime, Math.ceil(calls / parts), seed + part),
  );
  report('mixed calls', { calls, ...held });
});
