/** Cloudflare's workerd and what is built on it: one thread, and WASM that was compiled before the worker started. */
import type { Platform } from './platform.js';

export const platform: Platform = {
  only: { variant: 'simd', why: 'an edge worker has one thread and carries the simd variant only' },

  loadPayload: () => import('#wasm/simd'),

  unpack() {
    throw new Error('an edge worker cannot compile WebAssembly');
  },

  compile: (bytes) => WebAssembly.compile(bytes),

  cores: () => 1,

  load: (url) => fetch(url),

  startWorker() {
    throw new Error('an edge worker cannot start workers');
  },
};
