/** The same bits in every variant, at every number of threads, on every host that runs this. */
import * as api from 'pyramid-pool';
import { expect, test } from 'vitest';
import { expected, hashOf } from '../corpus/corpus.mjs';
import { engineName, isolated } from './engines.js';

const threads = isolated ? [1, 2, 3, 4, 5, 6, 7, 8] : [];

test.each<api.RuntimeOptions>([
  { variant: 'scalar' },
  { variant: 'simd' },
  ...threads.map((threads) => ({ variant: 'simd-threads', threads }) as const),
])('the recorded corpus: $variant $threads', async (options) => {
  using runtime = await api.createRuntime(options);
  expect(await hashOf(api, runtime), engineName(options)).toBe(expected);
});
