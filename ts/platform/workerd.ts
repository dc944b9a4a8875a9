/** Cloudflare's workerd and what is built on it: one thread, and WASM that was compiled before the worker started. */
import { compile, load, unpack } from '#bytes';
import type { Platform } from './platform.js';

export const platform: Platform = {
  only: { variant: 'simd', why: 'an edge worker has one thread and carries the simd variant only' },

  loadPayload: () => import('#wasm/simd'),

  loadThreadsGlue: () => import('#wasm/simd-threads-glue'),

  unpack,

  compile,

  cores: () => 1,

  load,

  startWorker() {
    throw new Error('an edge worker cannot start workers');
  },
};
