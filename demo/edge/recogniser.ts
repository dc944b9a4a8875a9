import { createPyramidPool, type PyramidPool } from 'pyramid-pool';
import type { Plane } from '../ink/plane.js';
import { type NamedTensor, unpackTensors } from '../model/safetensors.js';
import { addBiasAndRelu, convolve, type FeatureMap, fullyConnected, maxPool, softmax } from './layers.js';

/** A digit network: two convolutions, the pyramid, one fully connected layer. `npm start -- --save` trains one. */
export class Recogniser {
  readonly #weights: ReadonlyMap<string, NamedTensor>;
  readonly #pool: PyramidPool;

  private constructor(weights: ReadonlyMap<string, NamedTensor>, pool: PyramidPool) {
    this.#weights = weights;
    this.#pool = pool;
  }

  /** Reads a model. Throws a message for the user where it is not such a network. */
  static async read(model: Uint8Array): Promise<Recogniser> {
    const { tensors, metadata } = unpackTensors(model);
    const levels = metadata.levels?.split(',').map(Number);
    if (!levels) throw new Error('The model does not name the levels of its pyramid.');
    const weights = new Map(tensors.map((tensor) => [tensor.name, tensor]));
    return new Recogniser(weights, await createPyramidPool({ levels, layout: 'NHWC' }));
  }

  /** Probabilities of the ten digits for each picture. Pictures may be of different sizes: they are pooled by one call. */
  recognise(pictures: readonly Plane[]): Float32Array[] {
    const maps = pictures.map((picture) => this.#features(picture));
    const { data, dims } = this.#pool.forward(maps);
    const length = dims[1];
    const [weights, bias] = [this.#data('dense.weight'), this.#data('dense.bias')];
    return pictures.map((_, i) =>
      softmax(fullyConnected(data.subarray(i * length, (i + 1) * length), weights, bias)),
    );
  }

  /** The map that is pooled: half as high and wide as the picture, rounded up. */
  #features({ values, height, width }: Plane): FeatureMap {
    const image: FeatureMap = { data: values, dims: [height, width, 1] };
    const first = addBiasAndRelu(
      maxPool(convolve(image, this.#tensor('conv1.weight'))),
      this.#data('conv1.bias'),
    );
    return addBiasAndRelu(convolve(first, this.#tensor('conv2.weight')), this.#data('conv2.bias'));
  }

  #tensor(name: string): NamedTensor {
    const tensor = this.#weights.get(name);
    if (!tensor) throw new Error(`The model has no ${name}.`);
    return tensor;
  }

  #data(name: string): Float32Array {
    return this.#tensor(name).data;
  }
}
