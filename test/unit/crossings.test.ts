/** How often a call goes into WebAssembly: for small maps that takes as long as the pooling. */
import { createPyramidPool, createRuntime } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { withExports } from './exports.js';

test('a call with plain arrays runs once, in memory that is kept for the next', async () => {
  const calls: string[] = [];
  using runtime = await withExports(
    () => createRuntime({ variant: 'simd' }),
    (name) => calls.push(name),
  );
  const pool = await createPyramidPool({ levels: [2, 1], runtime });
  const tensor = (dims: number[]) => {
    const size = dims.reduce((product, axis) => product * axis, 1);
    return { data: Float32Array.from({ length: size }, (_, i) => Math.sin(i * i)), dims };
  };
  const during = (call: () => unknown) => {
    calls.length = 0;
    call();
    return calls;
  };
  const map = tensor([2, 3, 5, 7]);
  const { dims } = map;
  const { output, indices } = pool.forwardWithIndices(map);
  const backward = () => pool.backward(output, { dims, indices });
  const gradient = backward();
  pool.forward(map);
  expect(during(() => pool.forward(map))).toEqual(['run_checked']);
  expect(during(() => pool.forwardWithIndices(map))).toEqual(['run_checked']);
  expect(during(backward)).toEqual(['run_checked']);
  expect(during(() => pool.forward(map, { out: output }))).toEqual(['run']);
  expect(backward()).toEqual(gradient);

  using input = runtime.tensor(dims);
  using out = runtime.tensor(pool.outputDims(dims));
  expect(during(() => pool.forward(input, { out }))).toEqual(['run']);

  const large = tensor([1, 64, 80, 80]);
  pool.forward(large);
  expect(during(() => pool.forward(large))).toEqual(['alloc', 'run', 'free']);
  expect(during(backward)).toEqual(['run_checked']);
  expect(backward()).toEqual(gradient);
});
