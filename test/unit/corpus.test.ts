/** All answers of the recorded corpus have the same hash in every variant, at every number of threads, on every host. */
import * as api from 'pyramid-pool';
import { expect, test } from 'vitest';
import { expected, hashOf } from '../corpus/corpus.mjs';
import { canShareMemory, checkedRuntimes, runtimeName } from './runtimes.js';

const threads = canShareMemory ? [1, 2, 3, 4, 5, 6, 7, 8] : [];

const engines: api.RuntimeOptions[] = [
  { variant: 'scalar' },
  { variant: 'simd' },
  ...checkedRuntimes,
  ...threads.map((threads) => ({ variant: 'simd-threads', threads }) as const),
];

test.each(engines.map((options) => [runtimeName(options), options] as const))(
  'the recorded corpus: %s',
  async (name, options) => {
    using runtime = await api.createRuntime(options);
    expect(await hashOf(api, runtime), name).toBe(expected);
  },
);
