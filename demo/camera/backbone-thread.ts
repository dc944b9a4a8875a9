import type { ResidentTensor, Runtime } from 'pyramid-pool';
import type { BackboneReply, BackboneRequest } from './messages.js';

/** The backbone in a thread of its own, over the memory of a runtime. It takes one picture at a time. */
export class BackboneThread {
  readonly #worker = new Worker(new URL('./backbone.worker.ts', import.meta.url), { type: 'module' });

  /** Starts the thread. Throws where the memory of the runtime cannot be shared. */
  static async start(runtime: Runtime): Promise<BackboneThread> {
    const handle = runtime.handle();
    const thread = new BackboneThread();
    await thread.#order({ runtime: handle });
    return thread;
  }

  /** Writes the features of a picture to a tensor. The picture is transferred to the worker. */
  run(picture: ImageBitmap, features: ResidentTensor<'float32'>): Promise<void> {
    return this.#order({ picture, features: features.handle() }, [picture]);
  }

  stop(): void {
    this.#worker.terminate();
  }

  #order(order: BackboneRequest, transfer: Transferable[] = []): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }: MessageEvent<BackboneReply>) =>
        data === 'done' ? resolve() : reject(new Error(data.failure));
      this.#worker.onerror = ({ message }) => reject(new Error(message));
      this.#worker.postMessage(order, transfer);
    });
  }
}
