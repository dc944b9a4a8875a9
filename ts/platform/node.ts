/** Node, Deno and Bun. */
import { availableParallelism } from 'node:os';
import type * as Threads from 'node:worker_threads';
import { compile, load, unpack } from '#bytes';
import workerSource from '#worker-source';
import { loadPayload, loadThreadsGlue } from '../core/load.js';
import type { Platform } from './platform.js';

const main = "\nworker.serve(require('node:worker_threads').workerData);";

/** Loaded with the variant that needs it: it takes longer than all else that is imported here. */
let threads: typeof Threads;

export const platform: Platform = {
  async loadPayload(variant) {
    const payload = await loadPayload(variant);
    if (variant === 'simd-threads') threads = await import('node:worker_threads');
    return payload;
  },

  loadThreadsGlue,

  unpack,

  compile,

  cores: availableParallelism,

  load,

  startWorker(init, _workerUrl, onFailure) {
    // Without the flags of this process, such as loaders.
    const worker = new threads.Worker(workerSource + main, {
      eval: true,
      workerData: init,
      execArgv: [],
      name: 'pyramid-pool',
    });
    let ended = false;
    worker.on('error', (error) => onFailure(error.message));
    worker.on('exit', (code) => {
      if (!ended) onFailure(`it ended with exit code ${code}`);
    });
    worker.unref();
    return {
      leave() {
        ended = true;
        worker.unref();
      },
      terminate() {
        ended = true;
        void worker.terminate();
      },
      keepAlive: (held) => (held ? worker.ref() : worker.unref()),
    };
  },
};
