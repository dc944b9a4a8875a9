/** Objects of a frame, which is another realm, are accepted like the page's own. */
import { attachRuntime, createPyramidPool, createRuntime } from 'pyramid-pool';
import { afterAll, beforeAll, expect, test } from 'vitest';

const map = { data: Float32Array.of(1, 2, 3, 4), dims: [1, 2, 2] };
const address = new URL('/strict/dist/wasm/simd.wasm', location.href).href;

let frame: HTMLIFrameElement;
let other: Window & typeof globalThis;

beforeAll(() => {
  frame = document.createElement('iframe');
  document.body.append(frame);
  other = frame.contentWindow as typeof other;
});
afterAll(() => frame.remove());

const sources: Record<string, () => unknown> = {
  'a module': async () => new other.WebAssembly.Module(await (await fetch(address)).arrayBuffer()),
  'an ArrayBuffer': async () => (await other.fetch(address)).arrayBuffer(),
  'a typed array': async () => new other.Uint8Array(await (await other.fetch(address)).arrayBuffer()),
  'a response': () => other.fetch(address),
  'a blob': async () => (await other.fetch(address)).blob(),
  'a URL': () => new other.URL(address),
};

test.each(Object.keys(sources))('%s of a frame', async (name) => {
  const wasm = (await sources[name]?.()) as BufferSource;
  for (const given of [Object, ArrayBuffer, WebAssembly.Module, Response, URL])
    expect(wasm).not.toBeInstanceOf(given);
  const runtime = await createRuntime({ variant: 'simd', wasm });
  const pool = await createPyramidPool({ levels: [1], runtime });
  expect([...pool.forward(map).data]).toEqual([4]);
  runtime.dispose();
});

test('maps of a frame', async () => {
  const pool = await createPyramidPool({ levels: [1] });
  const data = other.Float32Array.of(1, 2, 3, 4);
  expect([...pool.forward({ data, dims: other.Array.of(1, 2, 2) }).data]).toEqual([4]);
});

test.runIf(crossOriginIsolated)('a handle whose module is of a frame', async () => {
  const threads = address.replace('simd.wasm', 'simd-threads.wasm');
  const module = new other.WebAssembly.Module(await (await fetch(threads)).arrayBuffer());
  const runtime = await createRuntime({ variant: 'simd-threads', threads: 2, wasm: module });
  const attached = await attachRuntime({ ...runtime.handle(), module });
  const pool = await createPyramidPool({ levels: [1], runtime: attached });
  expect([...pool.forward(map).data]).toEqual([4]);
  attached.dispose();
  // Workers are sent the module of the frame as well.
  const large = { data: new Float32Array(2 ** 19).fill(1), dims: [2 ** 13, 8, 8] };
  const spp = await createPyramidPool({ levels: [1], runtime });
  expect((await spp.forwardAsync(large)).data[2 ** 13 - 1]).toBe(1);
  expect(runtime.threads).toBe(2);
  runtime.dispose();
});
