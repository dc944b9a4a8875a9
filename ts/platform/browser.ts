/** Browsers: the page, and any kind of worker. */
import { compile, load, unpack } from '#bytes';
import workerSource from '#worker-source';
import { loadPayload, loadThreadsGlue } from '../core/load.js';
import type { Platform } from './platform.js';

const main = '\nonmessage = (event) => worker.serve(event.data);';

const hint = '; a content security policy may forbid it (see workerUrl)';

/** Some browsers tell of a policy at once, others by an event. */
function open(url: string | URL): Worker {
  try {
    return new Worker(url, { type: 'module', name: 'pyramid-pool' });
  } catch (error) {
    throw new Error(`${(error as Error).message}${hint}`);
  }
}

export const platform: Platform = {
  loadPayload,

  loadThreadsGlue,

  unpack,

  compile,

  cores: () => globalThis.navigator?.hardwareConcurrency ?? 1,

  load,

  noWorkers: () => (typeof Worker === 'undefined' ? 'this host cannot start workers' : undefined),

  startWorker(membership, workerUrl, onFailure) {
    const url =
      typeof workerUrl === 'object'
        ? workerUrl.href
        : (workerUrl ?? URL.createObjectURL(new Blob([workerSource, main], { type: 'text/javascript' })));
    const worker = open(url);
    worker.onerror = (event) => {
      event.preventDefault();
      onFailure(event.message || `the script could not be loaded${hint}`);
    };
    worker.postMessage(membership);
    const leave = () => {
      if (workerUrl === undefined) URL.revokeObjectURL(url as string);
    };
    return {
      leave,
      terminate() {
        worker.terminate();
        leave();
      },
      keepAlive() {},
    };
  },
};
