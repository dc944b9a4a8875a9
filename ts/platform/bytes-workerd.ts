import type { WebAssemblyModule } from '../core/host-types.js';

/** Cloudflare's workerd compiles WASM before the worker starts, and none afterwards. */
export function unpack(): never {
  throw new Error('an edge worker cannot compile WebAssembly');
}

export const compile = (bytes: BufferSource): Promise<WebAssemblyModule> => WebAssembly.compile(bytes);

export const load = (url: URL): Promise<Response> => fetch(url);
