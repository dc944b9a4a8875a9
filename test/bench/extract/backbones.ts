/** Backbones that people use, with random weights: their speed does not depend on what they have learned. */
import type { onnx } from 'onnx-proto';
import { FLOAT, model, node, value } from '../../interop/onnx-graphs.js';

/** A value of a network that is being put together. */
interface Value {
  readonly name: string;
  readonly channels: number;
}

interface Convolution {
  readonly to: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
  readonly activation?: 'Relu' | 'Clip';
  /** What weights are multiplied by beyond what keeps the size of activations. */
  readonly scale?: number;
}

/** A network that is put together layer by layer. Batch normalisation is in the weights already, as exporters have it. */
class Network {
  readonly #nodes: onnx.INodeProto[] = [];
  readonly #weights: onnx.ITensorProto[] = [];
  readonly #random = generator();
  readonly image: Value = { name: 'image', channels: 3 };

  convolve({ name: from, channels }: Value, layer: Convolution): Value {
    const { to, kernel, stride = 1, groups = 1, activation, scale = 1 } = layer;
    const index = this.#nodes.length;
    const dims = [to, channels / groups, kernel, kernel];
    this.#weights.push(
      this.#randomWeights(`w${index}`, dims, scale),
      tensor(`b${index}`, [to], new Float32Array(to)),
    );
    const pad = kernel >> 1;
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      group: groups,
    };
    const sums = this.#add('Conv', [from, `w${index}`, `b${index}`], to, attributes);
    if (activation === undefined) return sums;
    return this.#add(activation, [sums.name, ...(activation === 'Clip' ? this.#bounds() : [])], to);
  }

  /** Those of ReLU6. */
  #bounds(): string[] {
    const names = ['zero', 'six'];
    if (!this.#weights.some(({ name }) => name === 'zero')) {
      this.#weights.push(...[0, 6].map((bound, i) => tensor(names[i]!, [], Float32Array.of(bound))));
    }
    return names;
  }

  /** Random weights that keep the size of activations through a layer and its ReLU. */
  #randomWeights(name: string, dims: number[], scale: number): onnx.ITensorProto {
    const [to, ...rest] = dims as [number, number, number, number];
    const each = rest.reduce((a, b) => a * b, 1);
    // From -1 to 1 the deviation is sqrt(1 / 3).
    const factor = scale * Math.sqrt(6 / each);
    return tensor(
      name,
      dims,
      Float32Array.from({ length: to * each }, () => factor * this.#random()),
    );
  }

  add(a: Value, b: Value): Value {
    return this.#add('Add', [a.name, b.name], a.channels);
  }

  relu({ name, channels }: Value): Value {
    return this.#add('Relu', [name], channels);
  }

  maxPool({ name, channels }: Value): Value {
    const attributes = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
    return this.#add('MaxPool', [name], channels, attributes);
  }

  #add(
    operator: string,
    inputs: string[],
    channels: number,
    attributes: Record<string, number | number[]> = {},
  ) {
    const name = `${operator.toLowerCase()}${this.#nodes.length}`;
    this.#nodes.push(node(operator, inputs, [name], attributes));
    return { name, channels };
  }

  /** The model's file, whose output is this value. */
  write({ name, channels }: Value): Uint8Array {
    return model({
      node: this.#nodes,
      input: [value('image', [1, 3, 'height', 'width'])],
      output: [value(name, [1, channels, 'rows', 'columns'])],
      initializer: this.#weights,
    });
  }
}

/** Numbers from -1 to 1, the same ones each time. */
function generator(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}

const tensor = (name: string, dims: number[], values: Float32Array<ArrayBuffer>): onnx.ITensorProto => ({
  name,
  dims,
  dataType: FLOAT,
  rawData: new Uint8Array(values.buffer),
});

/** 3 x 3 convolutions and ReLUs, each of half the height and width of the one before. */
export function plainBackbone(channels: readonly number[]): Uint8Array {
  const network = new Network();
  let map = network.image;
  for (const to of channels) map = network.convolve(map, { to, kernel: 3, stride: 2, activation: 'Relu' });
  return network.write(map);
}

/** The first convolution and pool of every ResNet. */
function resnetStem(network: Network): Value {
  return network.maxPool(
    network.convolve(network.image, { to: 64, kernel: 7, stride: 2, activation: 'Relu' }),
  );
}

/** What a block's branch is scaled by, so that sums do not grow from block to block. */
const BRANCH = 0.2;

/** Joins the branch of a block to its input, which is brought to the same size where that is another one. */
function join(network: Network, from: Value, branch: Value, stride: number): Value {
  const same = stride === 1 && from.channels === branch.channels;
  const shortcut = same ? from : network.convolve(from, { to: branch.channels, kernel: 1, stride });
  return network.relu(network.add(branch, shortcut));
}

/** ResNet-18 without its classifier (He et al. 2016). */
export function resnet18(): Uint8Array {
  const network = new Network();
  let map = resnetStem(network);
  for (const to of [64, 128, 256, 512]) {
    for (const stride of [to === 64 ? 1 : 2, 1]) {
      const inner = network.convolve(map, { to, kernel: 3, stride, activation: 'Relu' });
      map = join(network, map, network.convolve(inner, { to, kernel: 3, scale: BRANCH }), stride);
    }
  }
  return network.write(map);
}

/** ResNet-50 without its classifier, with its strides in the 3 x 3 convolutions, as PyTorch has them. */
export function resnet50(): Uint8Array {
  const network = new Network();
  let map = resnetStem(network);
  for (const [stage, blocks] of [3, 4, 6, 3].entries()) {
    const width = 64 << stage;
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const narrow = network.convolve(map, { to: width, kernel: 1, activation: 'Relu' });
      const inner = network.convolve(narrow, { to: width, kernel: 3, stride, activation: 'Relu' });
      const branch = network.convolve(inner, { to: 4 * width, kernel: 1, scale: BRANCH });
      map = join(network, map, branch, stride);
    }
  }
  return network.write(map);
}

/** Expansion, channels, blocks and first stride of each stage of MobileNetV2. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** MobileNetV2 without its classifier (Sandler et al. 2018). */
export function mobilenetV2(): Uint8Array {
  const network = new Network();
  const activation = 'Clip';
  let map = network.convolve(network.image, { to: 32, kernel: 3, stride: 2, activation });
  for (const [expansion, to, blocks, first] of stages) {
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 ? first : 1;
      const channels = expansion * map.channels;
      const wide = expansion === 1 ? map : network.convolve(map, { to: channels, kernel: 1, activation });
      const inner = network.convolve(wide, { to: channels, kernel: 3, stride, groups: channels, activation });
      const isJoined = stride === 1 && map.channels === to;
      const branch = network.convolve(inner, { to, kernel: 1, scale: isJoined ? BRANCH : 1 });
      map = isJoined ? network.add(map, branch) : branch;
    }
  }
  return network.write(network.convolve(map, { to: 1280, kernel: 1, activation }));
}
