/** How Node, Deno and Bun get from text or a URL to a module. */

import { readFile } from 'node:fs/promises';
import type { WebAssemblyModule } from '../core/host-types.js';

/** Not packed here: to unpack would take more of a start than to read more from a disk. */
export const unpack = (text: string): Uint8Array<ArrayBuffer> => Buffer.from(text, 'base64');

export const compile = (bytes: BufferSource): WebAssemblyModule => new WebAssembly.Module(bytes);

export const load = (url: URL): Promise<BufferSource | Response> =>
  url.protocol === 'file:' ? readFile(url) : fetch(url);
