/** Browsers: the page, and any kind of worker. */
import workerSource from '#worker-source';
import { loadPayload } from '../variant.js';
import type { Platform } from './platform.js';

const main = '\nonmessage = (event) => worker.serve(event.data);';

export const platform: Platform = {
  loadPayload: (variant) => loadPayload[variant](),

  cores: () => globalThis.navigator?.hardwareConcurrency ?? 1,

  load: (url) => fetch(url),

  startWorker(membership, workerUrl, onFailure) {
    const url = workerUrl ?? URL.createObjectURL(new Blob([workerSource, main], { type: 'text/javascript' }));
    const worker = new Worker(url, { type: 'module', name: 'pyramid-pool' });
    worker.onerror = (event) => {
      event.preventDefault();
      onFailure(
        event.message ||
          'the script could not be loaded; a content security policy may forbid it (see workerUrl)',
      );
    };
    worker.postMessage(membership);
    return {
      terminate() {
        worker.terminate();
        if (workerUrl === undefined) URL.revokeObjectURL(url as string);
      },
      hold() {},
    };
  },
};
