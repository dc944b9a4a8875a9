/** How often a call goes into WebAssembly: for small maps that takes as long as the pooling. */
import { createPyramidPool, createRuntime } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { withExports } from './exports.js';

test('a call with plain arrays takes one block of memory and runs once', async () => {
  const calls: string[] = [];
  using runtime = await withExports(
    () => createRuntime({ variant: 'simd' }),
    (name) => calls.push(name),
  );
  const pool = await createPyramidPool({ levels: [2, 1], runtime });
  const dims = [2, 3, 5, 7];
  const map = { data: Float32Array.from({ length: 210 }, (_, i) => Math.sin(i * i)), dims };
  const { output, indices } = pool.forwardWithIndices(map);
  const gradient = pool.backward(output, { dims, indices });
  const during = (call: () => unknown) => {
    calls.length = 0;
    call();
    return calls;
  };
  const run = ['plan_scratch', 'job_units', 'run', 'free'];
  expect(during(() => pool.forward(map))).toEqual(['alloc', ...run]);
  expect(during(() => pool.forwardWithIndices(map))).toEqual(['alloc', ...run]);
  const backward = () => pool.backward(output, { dims, indices });
  expect(during(backward)).toEqual(['alloc', 'first_bad_index', ...run]);
  expect(during(() => pool.forward(map, { out: output }))).toEqual(['alloc', ...run]);
  expect(backward()).toEqual(gradient);

  using input = runtime.tensor(dims);
  using out = runtime.tensor(pool.outputDims(dims));
  expect(during(() => pool.forward(input, { out }))).toEqual(run.slice(0, -1));
});
