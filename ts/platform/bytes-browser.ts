import type { WebAssemblyModule } from '../core/host-types.js';

/** How browsers and workers of all kinds get from text or a URL to a module. */
export { unpack } from '#unpack';

export const compile = (bytes: BufferSource): Promise<WebAssemblyModule> => WebAssembly.compile(bytes);

export const load = (url: URL): Promise<Response> => fetch(url);
