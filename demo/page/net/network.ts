/** The small convolutional network in onnxruntime-web, as a worker has it. */
import { transfer } from 'comlink';
import type { InferenceSession } from 'onnxruntime-web/wasm';
import backboneUrl from '../../backbone/digits.onnx?url';
import type { Plane } from '../../ink/plane.js';
import { SerialQueue } from '../ui/serial-queue.js';
import type { FeatureMap } from './feature-map.js';
import { loadOrt, type OnLoading, type Ort } from './ort.js';

export class Network {
  #ort: Ort | undefined;
  #session: InferenceSession | undefined;
  /** Runs of a session of ONNX Runtime must not overlap. */
  readonly #queue = new SerialQueue();

  async open(onLoading: OnLoading): Promise<void> {
    this.#ort = await loadOrt(onLoading);
    onLoading('Starting the network');
    this.#session = await this.#ort.InferenceSession.create(backboneUrl);
  }

  features(image: Plane): Promise<FeatureMap> {
    return this.#queue.run(() => this.#run(image));
  }

  async #run({ values, height, width }: Plane): Promise<FeatureMap> {
    if (!this.#ort || !this.#session) throw new Error('the network is not open yet');
    const image = new this.#ort.Tensor('float32', values, [1, 1, height, width]);
    const { features } = await this.#session.run({ image });
    const data = features.data as Float32Array<ArrayBuffer>;
    return transfer({ data, dims: features.dims as unknown as FeatureMap['dims'] }, [data.buffer]);
  }
}
