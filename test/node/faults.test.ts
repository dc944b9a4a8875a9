/** Workers that fail in all ways: each call ends in a right answer or an error with a code. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs a script in a process of its own, in which workers are started with `fault` before their own code. A process that
 * hangs is ended, and fails the test.
 */
function run(fault: string, script: string): unknown {
  const prelude = `
    import workerThreads from 'node:worker_threads';
    import { syncBuiltinESMExports } from 'node:module';
    const started = [];
    const { Worker } = workerThreads;
    workerThreads.Worker = class extends Worker {
      constructor(source, options) {
        super(${JSON.stringify(fault)} + source, options);
        started.push(this);
      }
    };
    syncBuiltinESMExports();
    const { createPyramidPool, createRuntime } = await import('pyramid-pool');
    const heard = [];
    const onFallback = (reason) => heard.push(reason);
    const runtime = await createRuntime({ variant: 'simd-threads', threads: 3, onFallback });
    const pool = await createPyramidPool({ levels: [4, 2, 1], runtime });
    const map = (value, channels = 64) =>
      ({ data: new Float32Array(channels * 96 * 96).fill(value), dims: [1, channels, 96, 96] });
    const outcome = (promise) => promise.then(({ data }) => data.every((value) => value === data[0]) && data[0], ({ code }) => code);
    const sync = (value) => outcome((async () => pool.forward(map(value)))());
    const later = (value) => outcome(pool.forwardAsync(map(value)));
  `;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `${prelude}\nconsole.log(JSON.stringify(await (async () => {${script}})()));process.exit(0);`,
    ],
    { cwd: root, encoding: 'utf8', timeout: 50_000 },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** Claims a chunk, and dies with it. */
const diesWithChunk = `
  const exchange = Atomics.compareExchange;
  Atomics.compareExchange = (...args) => {
    if (exchange(...args) === args[2]) throw new Error('struck');
    return 0;
  };
`;

test('a worker that throws in the middle of an asynchronous job', () => {
  const found = run(
    diesWithChunk,
    'return [await later(5), await later(6), await sync(7), runtime.threads, heard];',
  );
  expect(found).toEqual(['worker-failed', 6, 7, 1, ['a worker failed: struck']]);
});

test('workers that are starting when another one fails end by themselves', () => {
  // A worker that is terminated while it allocates its stack holds the lock of the allocator for ever.
  const fault = `
    if (require('node:worker_threads').workerData.worker === 0) {${diesWithChunk}}
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  `;
  const script = `
    const first = await later(5);
    const exits = started.slice(1).map((worker) => new Promise((end) => (worker.ref(), worker.once('exit', end))));
    return [first, await later(6), await Promise.all(exits)];`;
  expect(run(fault, script)).toEqual(['worker-failed', 6, [0, 0]]);
});

test('a worker that takes its chunk to the grave while the caller waits for it', () => {
  // The looks that the caller takes, one a second, are shorter here.
  const script = `
    const { wait } = Atomics;
    Atomics.wait = (words, at, value) => wait(words, at, value, 20);
    const found = [];
    // Workers take part once they have started, which they do meanwhile.
    while (heard.length === 0) {
      found.push(await sync(found.length));
      await new Promise((resolve) => setTimeout(resolve));
    }
    const lost = found.filter((value, i) => value !== i);
    return [lost, heard, await sync(8), await later(9)];`;
  expect(run(diesWithChunk, script)).toEqual([
    ['worker-failed'],
    ['a worker failed: it made no progress'],
    8,
    9,
  ]);
});

test('a worker whose script fails at once', () => {
  const found = run(
    'throw new Error("no");',
    'return [await later(1), await later(2), await sync(3), heard];',
  );
  expect(found).toEqual([1, 2, 3, ['a worker failed: no']]);
});

test('workers that cannot be started', () => {
  const script = `
    workerThreads.Worker = class { constructor() { throw new Error('forbidden'); } };
    syncBuiltinESMExports();
    return [await sync(1), await later(2), heard];`;
  expect(run('', script)).toEqual([1, 2, ['a worker failed: forbidden']]);
});

test('workers that never begin do not keep a caller that may block', () => {
  expect(run('for (;;);', 'return [await sync(1), await sync(2)];')).toEqual([1, 2]);
});

test('workers that never begin, and a caller that waits for them', () => {
  // The looks, one a second, are over at once.
  const script = `
    const { waitAsync } = Atomics;
    if (waitAsync) Atomics.waitAsync = (words, at, value) => waitAsync(words, at, value, 5);
    else globalThis.setTimeout = ((timeout) => (call, ms) => timeout(call, Math.min(ms, 5)))(setTimeout);
    return [await later(1), await later(2), heard];`;
  expect(run('for (;;);', script)).toEqual([1, 2, ['a worker failed: it did not start']]);
});

test('ready tells of workers that fail at once, cannot be started, or never begin', () => {
  const ready = `
    const before = runtime.threadState;
    const state = await runtime.ready();
    await Promise.resolve();
    return [before, state, runtime.threadState, runtime.threads, runtime.fallback, heard, await sync(1), await later(2)];`;
  const failed = (why: string) => {
    const fallback = `a worker failed: ${why}`;
    return ['idle', 'failed', 'failed', 1, fallback, [fallback], 1, 2];
  };
  const quickly = `
    const { waitAsync } = Atomics;
    Atomics.waitAsync = (words, at, value) => waitAsync(words, at, value, 5);`;
  const forbidden = `
    workerThreads.Worker = class { constructor() { throw new Error('forbidden'); } };
    syncBuiltinESMExports();`;
  expect(run('throw new Error("no");', ready)).toEqual(failed('no'));
  expect(run('', forbidden + ready)).toEqual(failed('forbidden'));
  expect(run('for (;;);', quickly + ready)).toEqual(failed('it did not start'));
});

test('an event loop that is blocked in the middle of a job', () => {
  const script = `
    const pending = [later(1), later(2), later(3)];
    await Promise.resolve();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    return [await Promise.all(pending), heard];`;
  expect(run('', script)).toEqual([[1, 2, 3], []]);
});

test('a thread that is terminated in the middle of its job takes nobody along', () => {
  const script = `
    const code = \`
      import { createPyramidPool, createRuntime } from 'pyramid-pool';
      import { parentPort } from 'node:worker_threads';
      const runtime = await createRuntime({ variant: 'simd-threads', threads: 3 });
      const pool = await createPyramidPool({ levels: [4, 2, 1], runtime });
      const map = { data: new Float32Array(64 * 96 * 96), dims: [1, 64, 96, 96] };
      parentPort.postMessage('ready');
      for (;;) await pool.forwardAsync(map);\`;
    for (let i = 0; i < 5; i++) {
      const thread = new Worker(new URL('data:text/javascript,' + encodeURIComponent(code.replace("'pyramid-pool'", JSON.stringify(import.meta.resolve('pyramid-pool'))))));
      await new Promise((resolve) => thread.once('message', resolve));
      await thread.terminate();
    }
    return [await later(1), await sync(2), heard];`;
  expect(run('', script)).toEqual([1, 2, []]);
});

/** A kernel that traps in a worker. */
const traps = `
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class {
    constructor(module, imports) {
      this.exports = { ...new Instance(module, imports).exports };
      this.exports.run = () => { throw new WebAssembly.RuntimeError('unreachable'); };
    }
  };
`;

test('a kernel that traps in a worker breaks the runtime, whoever waits', () => {
  const script = `
    const found = [await later(1), await later(2), await sync(3), heard.length];
    const other = await createRuntime({ variant: 'simd-threads', threads: 2 });
    const again = await createPyramidPool({ levels: [1], runtime: other });
    let code;
    // Workers take part once they have started, which they do meanwhile.
    while (code === undefined) {
      await new Promise((resolve) => setTimeout(resolve));
      code = await outcome((async () => again.forward(map(4)))()) === 4 ? undefined : 'failed';
    }
    return [...found, code, await outcome(again.forwardAsync(map(5)))];`;
  expect(run(traps, script)).toEqual([
    'runtime-broken',
    'runtime-broken',
    'runtime-broken',
    1,
    'failed',
    'runtime-broken',
  ]);
});
