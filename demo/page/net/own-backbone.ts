/** A network of the visitor's own, in a worker of its own. */
import { proxy, wrap } from 'comlink';
import type { Picture } from '../ui/images.js';
import { failureOf } from '../ui/worker.js';
import type { FeatureMap } from './feature-map.js';
import type { OnLoading } from './ort.js';
import type { OpenedNetwork, OwnNetworks } from './own-network.js';
import type { Preparation } from './pixels.js';

export class OwnBackbone {
  readonly opened: OpenedNetwork;
  readonly #worker: Worker;
  readonly #networks: ReturnType<typeof wrap<OwnNetworks>>;

  private constructor(worker: Worker, networks: ReturnType<typeof wrap<OwnNetworks>>, opened: OpenedNetwork) {
    this.#worker = worker;
    this.#networks = networks;
    this.opened = opened;
  }

  /** Opens an ONNX file. Throws a sentence where the page cannot use it. */
  static async open(file: Blob, onLoading: OnLoading): Promise<OwnBackbone> {
    const worker = new Worker(new URL('./own-network.worker.ts', import.meta.url), { type: 'module' });
    const networks = wrap<OwnNetworks>(worker);
    try {
      const opened = await Promise.race([networks.open(file, proxy(onLoading)), failureOf(worker)]);
      return new OwnBackbone(worker, networks, opened);
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  features(picture: Picture, value: string, preparation: Preparation): Promise<FeatureMap> {
    return this.#networks.features(picture, value, preparation);
  }

  close(): void {
    this.#worker.terminate();
  }
}
