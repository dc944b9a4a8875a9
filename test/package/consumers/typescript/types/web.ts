/** A fresh result is accepted wherever a page wants bytes. Compiled with the library `dom`. */
import { createPyramidPool, createRuntime } from 'pyramid-pool';

/** As the package `@types/trusted-types` declares it. */
declare class TrustedScriptURL {
  private constructor();
  private brand: true;
}
declare global {
  interface Window {
    TrustedScriptURL: typeof TrustedScriptURL;
  }
}
declare const trusted: TrustedScriptURL;
/** As browsers have it. */
declare const trustedByShape: { toString(): string; toJSON(): string };

declare const device: { queue: { writeBuffer(buffer: object, offset: number, data: BufferSource): void } };
declare const untyped: { data: object; dims: number[] };

export async function send() {
  const pool = await createPyramidPool({ levels: [1] });
  const map = { data: new Float32Array(128), dims: [1, 2, 8, 8] };
  const { output, indices } = pool.forwardWithIndices(map);
  const gradient = pool.backward(output, { dims: map.dims, indices });
  for (const { data } of [output, indices, gradient, pool.forward(untyped), await pool.forwardAsync(map)]) {
    new Blob([data]);
    await fetch('/vectors', { method: 'POST', body: data });
    await crypto.subtle.digest('SHA-256', data);
    device.queue.writeBuffer({}, 0, data);
  }
}

export async function load() {
  const module = await WebAssembly.compile(new ArrayBuffer(8));
  for (const wasm of [module, new Uint8Array(8), new ArrayBuffer(8), await fetch('/simd.wasm')]) {
    const runtime = await createRuntime({ wasm });
    const memory: WebAssembly.Memory = runtime.memory;
    const { module }: { module: WebAssembly.Module } = runtime.handle();
    void [memory, module];
  }
  await createRuntime({
    wasm: new URL('https://example.org/simd.wasm'),
    workerUrl: new URL('https://example.org/w.js'),
  });
  for (const workerUrl of ['/w.js', trusted, trustedByShape]) await createRuntime({ workerUrl });
  // @ts-expect-error a number is no URL
  await createRuntime({ workerUrl: 7 });
}
