/** A network of the visitor's own, in a worker of its own. */
import { proxy, wrap } from 'comlink';
import type { Picture } from '../ui/images.js';
import { failureOf } from '../ui/worker.js';
import type { FeatureMap } from './feature-map.js';
import type { OnLoading } from './ort.js';
import type { Preparation } from './pixels.js';
import type { OpenedNetwork, VisitorNetworks } from './visitor-network.js';

export class VisitorBackbone {
  readonly opened: OpenedNetwork;
  readonly #worker: Worker;
  readonly #networks: ReturnType<typeof wrap<VisitorNetworks>>;

  private constructor(
    worker: Worker,
    networks: ReturnType<typeof wrap<VisitorNetworks>>,
    opened: OpenedNetwork,
  ) {
    this.#worker = worker;
    this.#networks = networks;
    this.opened = opened;
  }

  /** Opens an ONNX file. Throws a sentence where the page cannot use it. */
  static async open(file: Blob, onLoading: OnLoading): Promise<VisitorBackbone> {
    const worker = new Worker(new URL('./visitor-network.worker.ts', import.meta.url), { type: 'module' });
    const networks = wrap<VisitorNetworks>(worker);
    try {
      const opened = await Promise.race([networks.open(file, proxy(onLoading)), failureOf(worker)]);
      return new VisitorBackbone(worker, networks, opened);
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
