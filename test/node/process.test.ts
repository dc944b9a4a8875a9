/** Workers in a process: they start when needed, end when told, and never keep it alive. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a script as a process of its own, importing the package by its name. */
function run(script: string, ...flags: string[]) {
  const prelude = `
    import { attachRuntime, createPyramidPool, createRuntime } from 'pyramid-pool';
    import { setTimeout as sleep } from 'node:timers/promises';
    // The report knows workers once they run, and for a while after they end.
    const workers = async (expected) => {
      for (let look = 0; ; look++) {
        await sleep(100);
        const { length } = process.report.getReport().workers;
        if (length === expected || look === 100) return length;
      }
    };
    const runtime = await createRuntime({ variant: 'simd-threads', threads: 3 });
    const pool = await createPyramidPool({ levels: [4, 2, 1], runtime });
    const map = (channels) => ({ data: new Float32Array(channels * 64 * 64), dims: [1, channels, 64, 64] });
  `;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, '--input-type=module', '--eval', prelude + script],
    {
      cwd: root,
      encoding: 'utf8',
      timeout: 30_000,
    },
  );
  return { status, out: stdout.trim(), stderr };
}

test('no worker starts before a job is worth it', () => {
  const { out } = run(
    'pool.forward(map(1)); console.log(await workers(0)); pool.forward(map(256)); console.log(await workers(2));',
  );
  expect(out).toBe('0\n2');
});

test('asynchronous jobs run on as many workers as threads', () => {
  expect(run('await pool.forwardAsync(map(256)); console.log(await workers(3));').out).toBe('3');
});

test('an idle pool does not keep the process alive', () => {
  expect(run('pool.forward(map(256)); await pool.forwardAsync(map(256)); console.log("done");')).toEqual({
    status: 0,
    out: 'done',
    stderr: '',
  });
});

test('a job under way keeps the process alive', () => {
  const script = 'pool.forwardAsync(map(4096)).then(({ dims }) => console.log(dims.join()));';
  expect(run(script)).toMatchObject({ status: 0, out: '1,86016' });
});

test('disposing ends every worker', () => {
  const script = `
    pool.forward(map(256));
    const before = await workers(2);
    runtime.dispose();
    console.log(before, await workers(0));`;
  expect(run(script).out).toBe('2 0');
});

test('disposing ends every worker where another runtime goes on over the memory', () => {
  const script = `
    const other = await attachRuntime(runtime.handle());
    pool.forward(map(256));
    const before = await workers(2);
    runtime.dispose();
    const rest = await createPyramidPool({ levels: [1], runtime: other });
    console.log(before, await workers(0), rest.forward(map(1)).dims.join());`;
  expect(run(script)).toEqual({ status: 0, out: '2 0 1,1', stderr: '' });
});

test('a runtime that is dropped ends its workers', () => {
  const script = `
    await (async () => {
      const dropped = await createRuntime({ variant: 'simd-threads', threads: 3 });
      (await createPyramidPool({ levels: [1], runtime: dropped })).forward(map(256));
    })();
    const before = await workers(2);
    for (let i = 0; i < 5; i++) {
      gc();
      await sleep(50);
    }
    console.log(before, await workers(0));`;
  expect(run(script, '--expose-gc')).toEqual({ status: 0, out: '2 0', stderr: '' });
});

test('a worker that dies loses its job at most, and the runtime goes on', () => {
  const script = `
    import { Worker } from 'node:worker_threads';
    const started = [];
    const { on } = Worker.prototype;
    Worker.prototype.on = function (...args) { started.includes(this) || started.push(this); return on.apply(this, args); };
    await pool.forwardAsync(map(256));
    const job = pool.forwardAsync(map(4096)).then(() => 'done', (error) => error.code);
    for (const worker of started) worker.terminate();
    console.log(['done', 'worker-failed'].includes(await job), runtime.threads, runtime.fallback.includes('a worker failed'));
    console.log(pool.forward(map(256)).dims.join(), (await pool.forwardAsync(map(256))).dims.join());`;
  expect(run(script)).toEqual({ status: 0, out: 'true 1 true\n1,5376 1,5376', stderr: '' });
});
