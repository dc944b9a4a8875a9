/** What a runtime becomes, and what it says of it. */
import { createPyramidPool, createRuntime, type RuntimeOptions } from 'pyramid-pool';
import { expect, test, vi } from 'vitest';
import { ABI_VERSION, exported } from '../../ts/core/variant.js';
import { moduleBytes } from './module-bytes.js';
import { canShareMemory } from './runtimes.js';

/** Makes a runtime, and tells what it became and what it said. */
async function made(options: RuntimeOptions) {
  const heard: string[] = [];
  using runtime = await createRuntime({ ...options, onFallback: (reason) => heard.push(reason) });
  const pool = await createPyramidPool({ levels: [1], runtime });
  expect(pool.forward({ data: Float32Array.of(1, 3, 2), dims: [1, 1, 3] }).data[0]).toBe(3);
  expect(heard).toEqual(runtime.fallback === undefined ? [] : [runtime.fallback]);
  return { variant: runtime.variant, threads: runtime.threads, fallback: runtime.fallback };
}

test.runIf(canShareMemory)('with isolation, threads are used where there are cores', async () => {
  const runtime = await made({});
  if (runtime.fallback === undefined) {
    expect(runtime.variant).toBe('simd-threads');
    expect(runtime.threads).toBeGreaterThan(1);
  } else {
    expect(runtime).toEqual({ variant: 'simd', threads: 1, fallback: 'one core only' });
  }
});

test.runIf(!canShareMemory)('without isolation, a runtime works on one thread and says why', async () => {
  for (const variant of ['auto', 'simd-threads'] as const) {
    const runtime = await made({ variant });
    expect(runtime).toMatchObject({ variant: 'simd', threads: 1 });
    expect(runtime.fallback).toContain('not cross-origin isolated');
    expect(runtime.fallback).toContain('Cross-Origin-Opener-Policy');
  }
});

test('without SIMD, a runtime works with the scalar variant and says why', async () => {
  const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
  try {
    const expected = { variant: 'scalar', threads: 1, fallback: 'no WebAssembly SIMD' };
    for (const variant of ['auto', 'simd', 'simd-threads'] as const) {
      expect(await made({ variant })).toEqual(expected);
    }
  } finally {
    validate.mockRestore();
  }
});

test('one thread asked for is no fallback', async () => {
  expect(await made({ threads: 1 })).toEqual({ variant: 'simd', threads: 1, fallback: undefined });
});

test('a variant of one thread says so when more are asked for', async () => {
  expect(await made({ variant: 'simd', threads: 4 })).toEqual({
    variant: 'simd',
    threads: 1,
    fallback: 'the simd variant has one thread',
  });
  expect(await made({ variant: 'scalar' })).toEqual({ variant: 'scalar', threads: 1, fallback: undefined });
});

test('a compiled module is taken in place of the built-in one', async () => {
  const bytes = moduleBytes('simd');
  const module = await WebAssembly.compile(bytes);
  const response = new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
  for (const wasm of [bytes, bytes.buffer, module, response]) {
    expect(await made({ variant: 'simd', wasm })).toMatchObject({ variant: 'simd' });
  }
  await expect(
    createRuntime({ variant: 'scalar', wasm: 'https://localhost:1/none.wasm' }),
  ).rejects.toMatchObject({
    code: 'invalid-wasm',
  });
});

test('a module of another version of the ABI is refused', async () => {
  await expect(createRuntime({ variant: 'simd', wasm: answering(42) })).rejects.toMatchObject({
    code: 'invalid-wasm',
    message: expect.stringMatching(new RegExp(`options\\.wasm .*version 42.* version ${ABI_VERSION}$`)),
  });
});

/** A module that has every export that the package calls, each a function that gives this number, up to 63. */
function answering(number: number): Uint8Array<ArrayBuffer> {
  const counted = (bytes: readonly number[]) => [0x80 | (bytes.length & 0x7f), bytes.length >> 7, ...bytes];
  const section = (id: number, items: readonly (readonly number[])[]) => [
    id,
    ...counted([items.length, ...items.flat()]),
  ];
  const exports = exported.map((name) => [name.length, ...new TextEncoder().encode(name), 0, 0]);
  return Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(1, [[0x60, 0, 1, 0x7f]]),
    ...section(3, [[0]]),
    ...section(7, exports),
    ...section(10, [[4, 0, 0x41, number, 0x0b]]),
  ]);
}
