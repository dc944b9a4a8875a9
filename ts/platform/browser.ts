/** Browsers: the page, and any kind of worker. */
import { compile, load, unpack } from '#bytes';
import { loadPayload, loadThreadsGlue } from '../core/load.js';
import type { Platform } from './platform.js';
import { type WorkerScript, workerScript } from './worker-script.js';

/** Some browsers tell of a policy at once, others by an event. */
function open(script: WorkerScript): Worker {
  try {
    return new Worker(script.url, { type: 'module', name: 'pyramid-pool' });
  } catch (error) {
    script.release();
    throw new Error(script.explain(error), { cause: error });
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

  startsWorkersIdle: true,

  startWorker(init, workerUrl, onFailure) {
    const script = workerScript(workerUrl);
    const worker = open(script);
    worker.onerror = (event) => {
      event.preventDefault();
      onFailure(event.message || script.explain());
    };
    worker.postMessage(init);
    return {
      leave: script.release,
      terminate() {
        worker.terminate();
        script.release();
      },
      keepAlive() {},
    };
  },
};
