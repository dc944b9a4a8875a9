/** A network of the visitor's own in onnxruntime-web, as a worker has it. Its file stays on the page. */
import { transfer } from 'comlink';
import { createModel, type ModelValue, type OnnxModel } from 'pyramid-pool/onnx';
import type { Picture } from '../ui/images.js';
import { SerialQueue } from '../ui/serial-queue.js';
import type { FeatureMap } from './feature-map.js';
import { loadOrt, type OnLoading, type Ort } from './ort.js';
import { numbersOf, type Preparation, plainPixels, resized } from './pixels.js';

/** A value that can be pooled: its name, and its sizes for an image of `PROBE` by `PROBE` pixels. */
export interface MapValue {
  readonly name: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** What a network takes. */
export interface NetworkInput {
  readonly name: string;
  readonly channels: number;
  readonly layout: 'NCHW' | 'NHWC';
  /** The one height and width that it takes, where it takes no other. */
  readonly height: number | undefined;
  readonly width: number | undefined;
}

export interface OpenedNetwork {
  readonly input: NetworkInput;
  /** In the order in which they are computed. */
  readonly values: readonly MapValue[];
  /** The value that the network pools itself, where it does. */
  readonly pooled: string | undefined;
  /** Size of the image that the values were measured with. */
  readonly probe: readonly [height: number, width: number];
}

const PROBE = 64;

export class VisitorNetwork {
  readonly #bytes: Uint8Array;
  readonly #ort: Ort;
  readonly #input: NetworkInput;
  #value = '';
  #model: OnnxModel<Ort> | undefined;

  private constructor(bytes: Uint8Array, ort: Ort, input: NetworkInput) {
    this.#bytes = bytes;
    this.#ort = ort;
    this.#input = input;
  }

  static async open(bytes: Uint8Array, onLoading: OnLoading): Promise<[VisitorNetwork, OpenedNetwork]> {
    const ort = await loadOrt(onLoading);
    onLoading('Reading the network');
    const whole = await createModel(bytes, { ort });
    const { inputNames, outputNames, values, pools } = whole;
    await whole.dispose();
    const input = imageInput(inputNames, values);
    const network = new VisitorNetwork(bytes, ort, input);
    onLoading('Looking for its feature maps');
    const opened = await network.#measure(values, outputNames);
    if (opened.values.length === 0) {
      throw new Error('This network has no feature map: no value of it has channels, a height and a width.');
    }
    return [network, { ...opened, pooled: pools[0]?.input }];
  }

  async features(picture: Picture, value: string, preparation: Preparation): Promise<FeatureMap> {
    if (value !== this.#value) {
      await this.dispose();
      this.#model = await createModel(this.#bytes, { ort: this.#ort, outputs: [value] });
      this.#value = value;
    }
    const { [value]: map } = await this.#run(this.#model as OnnxModel<Ort>, picture, preparation);
    const data = map.data as Float32Array<ArrayBuffer>;
    return transfer({ data, dims: map.dims as unknown as FeatureMap['dims'] }, [data.buffer]);
  }

  async dispose(): Promise<void> {
    await this.#model?.dispose();
    this.#model = undefined;
    this.#value = '';
  }

  #run(model: OnnxModel<Ort>, picture: Picture, preparation: Preparation) {
    const { name, channels, height = picture.height, width = picture.width } = this.#input;
    const { data, dims } = numbersOf(resized(picture, height, width), channels, preparation);
    return model.run({ [name]: new this.#ort.Tensor('float32', data, dims) });
  }

  /** Runs the network once for a small image, to see which values are maps: not all files say it. */
  async #measure(all: readonly ModelValue[], outputs: readonly string[]): Promise<OpenedNetwork> {
    const candidates = all.filter(
      ({ name, type, dims }) =>
        name !== this.#input.name && (type ?? 'float32') === 'float32' && (dims?.length ?? 4) === 4,
    );
    const { height = PROBE, width = PROBE, layout } = this.#input;
    const blank = { values: new Float32Array(height * width), height, width };
    const names = candidates.map(({ name }) => name);
    const found: OpenedNetwork = {
      input: this.#input,
      values: [],
      pooled: undefined,
      probe: [height, width],
    };
    const attempts = [names, outputs].filter((list) => list.length > 0);
    for (const list of attempts) {
      const model = await createModel(this.#bytes, { ort: this.#ort, outputs: list }).catch(() => undefined);
      try {
        const results = await model?.run(this.#feed(blank, layout));
        if (results) return { ...found, values: mapsAmong(results) };
      } catch (error) {
        if (list === attempts.at(-1)) throw error;
      } finally {
        await model?.dispose();
      }
    }
    return found;
  }

  #feed(picture: Picture, layout: NetworkInput['layout']) {
    const { data, dims } = numbersOf(picture, this.#input.channels, { ...plainPixels, layout });
    return { [this.#input.name]: new this.#ort.Tensor('float32', data, dims) };
  }
}

interface Result {
  readonly type: string;
  readonly dims: readonly number[];
}

function mapsAmong(results: Readonly<Record<string, Result>>): MapValue[] {
  return Object.entries(results).flatMap(([name, { type, dims }]) => {
    const [batch, channels, height, width] = dims;
    const isMap = type === 'float32' && dims.length === 4 && batch === 1 && height > 0 && width > 0;
    return isMap ? [{ name, channels, height, width }] : [];
  });
}

/** The one input, which must take an image. */
function imageInput(names: readonly string[], values: readonly ModelValue[]): NetworkInput {
  const [name, another] = names;
  if (name === undefined || another !== undefined) {
    throw new Error(`This network takes ${names.length} inputs; this page feeds those that take one image.`);
  }
  const { type = 'float32', dims = ['n', 3, 'height', 'width'] } =
    values.find((value) => value.name === name) ?? {};
  const sizes = dims.map((size) => (typeof size === 'number' && size > 0 ? size : undefined));
  const isChannels = (size: number | undefined) => size === 1 || size === 3;
  const layout = !isChannels(sizes[1]) && isChannels(sizes[3]) ? 'NHWC' : 'NCHW';
  const [channels = 3, height, width] =
    layout === 'NCHW' ? [sizes[1], sizes[2], sizes[3]] : [sizes[3], sizes[1], sizes[2]];
  if (type !== 'float32' || dims.length !== 4 || !isChannels(channels)) {
    throw new Error(
      `This network's input '${name}' is ${type} [${dims.join(', ')}]; this page feeds float32 images of 1 or 3 channels.`,
    );
  }
  return { name, channels, layout, height, width };
}

/** What the page calls: one network at a time, and one call after the other. */
export class VisitorNetworks {
  readonly #queue = new SerialQueue();
  #network: VisitorNetwork | undefined;

  open(file: Blob, onLoading: OnLoading): Promise<OpenedNetwork> {
    return this.#queue.run(async () => {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const [network, opened] = await VisitorNetwork.open(bytes, onLoading);
      await this.#network?.dispose();
      this.#network = network;
      return opened;
    });
  }

  features(picture: Picture, value: string, preparation: Preparation): Promise<FeatureMap> {
    return this.#queue.run(() => {
      if (!this.#network) throw new Error('no network is open');
      return this.#network.features(picture, value, preparation);
    });
  }
}
