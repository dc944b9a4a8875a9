/** Objects of another realm, such as the sandbox of a test runner or server, are accepted like those of this realm. */
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { attachRuntime, createPyramidPool, createRuntime } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';

const fileOf = (variant: string) => new URL(`../../dist/wasm/${variant}.wasm`, import.meta.url);
const bytes = readFileSync(fileOf('simd'));

/** Another realm: its classes are not those of this one. */
const context = vm.createContext({ bytes: [...bytes] });
const inOtherRealm = (code: string) => vm.runInContext(code, context);

const map = { data: Float32Array.of(1, 2, 3, 4), dims: [1, 2, 2] };

describe('options.wasm of another realm', () => {
  const sources: Record<string, () => unknown> = {
    'a module': () => inOtherRealm('new WebAssembly.Module(Uint8Array.from(bytes))'),
    'an ArrayBuffer': () => inOtherRealm('Uint8Array.from(bytes).buffer'),
    'a typed array': () => inOtherRealm('Uint8Array.from(bytes)'),
    'a DataView': () => inOtherRealm('new DataView(Uint8Array.from(bytes).buffer)'),
    'shared bytes': () =>
      inOtherRealm(
        '{ const all = new Uint8Array(new SharedArrayBuffer(bytes.length)); all.set(bytes); all; }',
      ),
    'a shared buffer': () =>
      inOtherRealm(
        '{ const all = new Uint8Array(new SharedArrayBuffer(bytes.length)); all.set(bytes); all.buffer; }',
      ),
    'a response': () =>
      inOtherRealm('({ ok: true, status: 200, arrayBuffer: async () => Uint8Array.from(bytes).buffer })'),
    'a URL': () => inOtherRealm(`({ href: ${JSON.stringify(fileOf('simd').href)} })`),
    'a blob of this realm': () => new Blob([bytes]),
  };

  test.each(Object.keys(sources))('%s', async (name) => {
    const source = sources[name]?.();
    for (const given of [ArrayBuffer, WebAssembly.Module, URL, Response])
      expect(source).not.toBeInstanceOf(given);
    const runtime = await createRuntime({ variant: 'simd', wasm: source as BufferSource });
    const pool = await createPyramidPool({ levels: [1], runtime });
    expect([...pool.forward(map).data]).toEqual([4]);
    runtime.dispose();
  });

  test('what is none of them is refused', async () => {
    for (const code of [
      '({})',
      '[]',
      'new Map()',
      '() => {}',
      '({ href: 1 })',
      '({ arrayBuffer: 1 })',
      '42',
    ]) {
      await expect(createRuntime({ wasm: inOtherRealm(code) })).rejects.toMatchObject({
        code: 'invalid-options',
        message: expect.stringContaining('bytes, a WebAssembly.Module, a Response or a URL'),
      });
    }
  });

  test('a response that found nothing is refused', async () => {
    const response = inOtherRealm(
      '({ ok: false, status: 404, arrayBuffer: async () => new ArrayBuffer(0) })',
    );
    await expect(createRuntime({ variant: 'simd', wasm: response })).rejects.toMatchObject({
      code: 'invalid-wasm',
      message: expect.stringContaining('the server answered 404'),
    });
  });
});

test('a handle whose parts are of another realm leads to its runtime', async () => {
  const threads = readFileSync(fileOf('simd-threads'));
  vm.runInContext('var threads', context);
  context.threads = [...threads];
  const module = inOtherRealm('new WebAssembly.Module(Uint8Array.from(threads))');
  const runtime = await createRuntime({ variant: 'simd-threads', wasm: module });
  const tensor = runtime.tensor([1, 2, 2]);
  tensor.data.set(map.data);
  const handle = runtime.handle();
  expect(handle.module).toBe(module);
  const attached = await attachRuntime(handle);
  const pool = await createPyramidPool({ levels: [1], runtime: attached });
  expect([...pool.forward(attached.adopt(tensor.handle())).data]).toEqual([4]);

  // A memory of another realm is known as one; this one has no runtime.
  const memory = inOtherRealm('new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })');
  await expect(attachRuntime({ ...handle, memory })).rejects.toMatchObject({
    code: 'invalid-handle',
    message: expect.stringContaining('not the memory of the runtime'),
  });
  const plain = inOtherRealm('new WebAssembly.Memory({ initial: 1 })');
  await expect(attachRuntime({ ...handle, memory: plain })).rejects.toMatchObject({
    code: 'invalid-handle',
    message: expect.stringContaining('with its memory and its module'),
  });
  attached.dispose();
  runtime.dispose();
});

test('maps and dims of another realm', async () => {
  const pool = await createPyramidPool({ levels: [1] });
  const other = inOtherRealm('({ data: Float32Array.of(1, 2, 3, 4), dims: [1, 2, 2] })');
  expect([...pool.forward(other).data]).toEqual([4]);
  expect([...pool.forward(inOtherRealm('[{ data: Float32Array.of(1, 2), dims: [1, 1, 2] }]')).data]).toEqual([
    2,
  ]);
});
