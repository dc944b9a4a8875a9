/** A worker that makes synchronous calls one after the other, without returning to its event loop. */
import { createPyramidPool, createRuntime } from 'pyramid-pool';

addEventListener('message', async () => {
  const runtime = await createRuntime({ threads: 2 });
  const pool = await createPyramidPool({ levels: [2], runtime });
  const map = { data: new Float32Array(256 * 64 * 64).fill(2), dims: [1, 256, 64, 64] };
  const sums = Array.from({ length: 20 }, () =>
    pool.forward(map).data.reduce((sum, value) => sum + value, 0),
  );
  const { variant, threads, threadState } = runtime;
  runtime.dispose();
  postMessage({ variant, threads, threadState, sums });
});
