/** V8 throws the optimized code of a function away where it meets objects or arrays of another kind than before. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Calls with maps of many sizes, enough of them for all functions on their way to be optimized. */
const script = `
  import { createPyramidPool, createRuntime } from 'pyramid-pool';
  const runtime = await createRuntime({ variant: process.argv[1] });
  const pool = await createPyramidPool({ levels: [4, 2, 1], runtime });
  for (let i = 0; i < 10000; i++) {
    const dims = [1, 2, 5 + (i % 11), 4 + (i % 7)];
    const map = { data: new Float32Array(2 * dims[2] * dims[3]), dims };
    const { output, indices } = pool.forwardWithIndices(map);
    pool.backward(output, { dims, indices });
    pool.forward(map);
  }
  process.exit();
`;

test.each(['simd', 'auto'])('calls keep their optimized code: %s', (variant) => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--trace-opt', '--trace-deopt', '--input-type=module', '--eval', script, variant],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  expect(status).toBe(0);
  const lines = stdout.split('\n');
  const optimized = lines.filter((line) => line.includes('completed optimizing')).join('\n');
  for (const name of ['forward', 'backward']) expect(optimized).toContain(`JSFunction ${name} `);
  expect(lines.filter((line) => line.includes('reason: wrong map'))).toEqual([]);
});
