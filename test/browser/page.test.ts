/** On a page: its thread never blocks, and workers start for asynchronous calls only. */
import { createPyramidPool, createRuntime } from 'pyramid-pool';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import workerUrl from '../../dist/worker.js?url';

const isolated = crossOriginIsolated;
const map = () => ({ data: new Float32Array(256 * 64 * 64).fill(2), dims: [1, 256, 64, 64] });

describe.runIf(isolated)('with isolation', () => {
  const started: (string | URL)[] = [];
  const OriginalWorker = globalThis.Worker;

  beforeEach(() => {
    started.length = 0;
    globalThis.Worker = class extends OriginalWorker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        started.push(url);
      }
    };
  });

  afterEach(() => {
    globalThis.Worker = OriginalWorker;
  });

  test('synchronous calls run on the page alone, without waiting', async () => {
    using runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
    const pool = await createPyramidPool({ levels: [2], runtime });
    const wait = vi.spyOn(Atomics, 'wait');
    expect(pool.forward(map()).data[0]).toBe(2);
    expect(started).toEqual([]);
    expect(wait).not.toHaveBeenCalled();
    wait.mockRestore();
  });

  test('asynchronous calls run on workers, and the page goes on meanwhile', async () => {
    using runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
    const pool = await createPyramidPool({ levels: [2], runtime });
    const { data } = await pool.forwardAsync(map());
    expect(data[0]).toBe(2);
    expect(started.length).toBe(2);
  });

  test('one core is not worth threads, unless they are asked for', async () => {
    const cores = vi.spyOn(navigator, 'hardwareConcurrency', 'get').mockReturnValue(1);
    using alone = await createRuntime();
    using asked = await createRuntime({ threads: 2 });
    cores.mockRestore();
    expect(alone).toMatchObject({ variant: 'simd', threads: 1, fallback: 'one core only' });
    expect(asked).toMatchObject({ variant: 'simd-threads', threads: 2, fallback: undefined });
  });

  test('workers can be loaded from a URL', async () => {
    using runtime = await createRuntime({ variant: 'simd-threads', threads: 2, workerUrl });
    const pool = await createPyramidPool({ levels: [2], runtime });
    expect((await pool.forwardAsync(map())).data[0]).toBe(2);
    expect(started.map(String)).toEqual([workerUrl, workerUrl]);
    expect(runtime.fallback).toBeUndefined();
  });

  test('workers that cannot be loaded leave the work to the page, which says so', async () => {
    const heard: string[] = [];
    const options = { workerUrl: '/nowhere.js', onFallback: (reason: string) => heard.push(reason) };
    using runtime = await createRuntime({ variant: 'simd-threads', threads: 2, ...options });
    const pool = await createPyramidPool({ levels: [2], runtime });
    expect((await pool.forwardAsync(map())).data[0]).toBe(2);
    expect(runtime).toMatchObject({ threads: 1, threadState: 'failed' });
    expect(runtime.fallback).toContain('a worker failed');
    expect(runtime.fallback).toContain('/nowhere.js');
    expect(heard).toEqual([runtime.fallback]);
    expect((await pool.forwardAsync(map())).data[0]).toBe(2);
  });
});

test.runIf(!isolated)('without isolation, asynchronous calls work on the page', async () => {
  const pool = await createPyramidPool({ levels: [2] });
  expect(pool.runtime.variant).toBe('simd');
  expect((await pool.forwardAsync(map())).data[0]).toBe(2);
});

test('a worker may block, and pools with synchronous calls, which its threads help with from the first on', async () => {
  const worker = new Worker(new URL('./pool.worker.ts', import.meta.url), { type: 'module' });
  const result = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
    worker.postMessage('start');
  });
  worker.terminate();
  expect(result).toEqual({
    ...(isolated
      ? { variant: 'simd-threads', threads: 2, threadState: 'running' }
      : { variant: 'simd', threads: 1, threadState: 'idle' }),
    sums: Array.from({ length: 20 }, () => 2 * 256 * 4),
  });
});
