/** How Node, Deno and Bun get from text or a URL to a module. */

import { readFile } from 'node:fs/promises';
import type { WebAssemblyModule } from '../core/host-types.js';

/** Not deflated here: to load `node:zlib` and to unpack would take a fifth of a start. */
export const unpack = (text: string): Uint8Array<ArrayBuffer> => Buffer.from(text, 'base64');

export const compile = (bytes: BufferSource): WebAssemblyModule => new WebAssembly.Module(bytes);

export const load = (url: URL): Promise<BufferSource | Response> =>
  url.protocol === 'file:' ? readFile(url) : fetch(url);
