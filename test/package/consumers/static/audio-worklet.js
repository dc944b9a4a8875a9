import { checkStatic } from './check-static.js';

registerProcessor(
  'pool',
  class extends AudioWorkletProcessor {
    constructor() {
      super();
      checkStatic().then((result) => this.port.postMessage(result));
    }

    process() {
      return true;
    }
  },
);
