/** Hosts where `import()` is forbidden: the one variant is part of the module, and nothing is loaded afterwards. */
import { compile, load, unpack } from '#bytes';
import * as simd from '#wasm/simd';
import * as threadsGlue from '#wasm/simd-threads-glue';
import type { Platform } from './platform.js';

export const platform: Platform = {
  only: { variant: 'simd', why: 'pyramid-pool/static carries the simd variant only' },

  loadPayload: async () => simd,

  loadThreadsGlue: async () => threadsGlue,

  unpack,

  compile,

  cores: () => 1,

  load,

  startWorker() {
    throw new Error('pyramid-pool/static starts no workers');
  },
};
