/** Node, Deno and Bun. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import workerSource from '#worker-source';
import { loadPayload } from '../variant.js';
import type { Platform } from './platform.js';

const main = "\nworker.serve(require('node:worker_threads').workerData);";

export const platform: Platform = {
  loadPayload: (variant) => loadPayload[variant](),

  cores: availableParallelism,

  load: (url) => (url.protocol === 'file:' ? readFile(url) : fetch(url)),

  startWorker(membership, _workerUrl, onFailure) {
    // Flags of this process, such as loaders, are none of the worker's business.
    const worker = new Worker(workerSource + main, {
      eval: true,
      workerData: membership,
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
      },
      terminate() {
        ended = true;
        void worker.terminate();
      },
      hold: (held) => (held ? worker.ref() : worker.unref()),
    };
  },
};
