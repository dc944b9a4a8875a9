/** The small convolutional network in onnxruntime-web, as a worker has it. */
import { transfer } from 'comlink';
import type { InferenceSession } from 'onnxruntime-web/wasm';
import backboneUrl from '../../backbone/digits.onnx?url';
import type { Plane } from '../ui/canvas.js';
import type { FeatureMap } from './backbone.js';
import { loadOrt, type OnLoading, type Ort } from './ort.js';

export class Network {
  #ort: Ort | undefined;
  #session: InferenceSession | undefined;
  #latest: Promise<unknown> = Promise.resolve();

  async open(onLoading: OnLoading): Promise<void> {
    this.#ort = await loadOrt(onLoading);
    onLoading('Starting the network');
    this.#session = await this.#ort.InferenceSession.create(backboneUrl);
  }

  /** One image after another: runs of a session may not overlap. */
  features(image: Plane): Promise<FeatureMap> {
    const running = this.#latest.then(() => this.#run(image));
    this.#latest = running.catch(() => {});
    return running;
  }

  async #run({ values, height, width }: Plane): Promise<FeatureMap> {
    if (!this.#ort || !this.#session) throw new Error('the network is not open yet');
    const image = new this.#ort.Tensor('float32', values, [1, 1, height, width]);
    const { features } = await this.#session.run({ image });
    const data = features.data as Float32Array<ArrayBuffer>;
    return transfer({ data, dims: features.dims as unknown as FeatureMap['dims'] }, [data.buffer]);
  }
}
