/** The runtimes that tests run in: every variant, at several numbers of threads. */
import { createRuntime, type Runtime, type RuntimeOptions } from 'pyramid-pool';
import { afterAll, beforeAll } from 'vitest';

/** Whether this host can share memory: the tests run on pages without isolation as well. */
export const canShareMemory = globalThis.crossOriginIsolated !== false;

/** Numbers of threads. Browsers get one of them, since their tests are slower. */
const threadCounts = globalThis.crossOriginIsolated === undefined ? [1, 2, 3, 4] : [3];

/** The variant `checked`: `simd` with checks of every overflow and every access. Only tests in Node have it. */
const checkedWasm = await readChecked();

/** The options of a runtime of the variant `checked`; none in browsers. */
export const checkedRuntimes: (RuntimeOptions & { variant: 'simd'; wasm: Uint8Array<ArrayBuffer> })[] =
  checkedWasm ? [{ variant: 'simd', wasm: checkedWasm }] : [];

async function readChecked(): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (globalThis.crossOriginIsolated !== undefined) return undefined;
  const fs = 'node:fs/promises';
  const { readFile } = (await import(/* @vite-ignore */ fs)) as typeof import('node:fs/promises');
  return new Uint8Array(await readFile('target/pkg/checked/pyramid_pool_bg.wasm'));
}

export const testedRuntimes: RuntimeOptions[] = [
  { variant: 'scalar' },
  { variant: 'simd' },
  ...checkedRuntimes,
  ...(canShareMemory
    ? threadCounts.map((threads): RuntimeOptions => ({ variant: 'simd-threads', threads }))
    : []),
];

export const runtimeName = ({ variant, threads, wasm }: RuntimeOptions) => {
  if (wasm !== undefined) return 'checked';
  return threads ? `${variant} x ${threads}` : `${variant}`;
};

/** A runtime for the tests of a suite. */
export function useRuntime(options?: RuntimeOptions): () => Runtime {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await createRuntime(options);
  });
  afterAll(() => runtime.dispose());
  return () => runtime;
}

/** Jobs of at least as many elements are shared with workers. */
export const SHARING_THRESHOLD = 2 ** 18;

/** Repeats a batch until threads find it worth sharing. */
export function repeatBatch<A extends Float32Array | Int32Array>(data: A, times: number): A {
  const all = new (data.constructor as new (length: number) => A)(data.length * times);
  for (let i = 0; i < times; i++) all.set(data, i * data.length);
  return all;
}
