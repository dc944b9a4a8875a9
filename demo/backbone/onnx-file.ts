/** Writes the convolutions of the digit network as an ONNX file that takes images of any height and width. */
import type { onnx } from 'onnx-proto';
import { encodeModel, floats, ints, node, valueInfo, word } from '../onnx/graph.js';

/** The weights of one convolution as tfjs keeps them: `[height, width, inputs, outputs]`, and a bias for each output. */
export interface Convolution {
  readonly filter: Float32Array;
  readonly shape: readonly number[];
  readonly bias: Float32Array;
}

/** `image` `[1, 1, height, width]` -> `features` `[1, outputs, ceil(height / 2), ceil(width / 2)]`. */
export function backboneFile(first: Convolution, second: Convolution): Uint8Array {
  return encodeModel({
    name: 'digit-backbone',
    input: [valueInfo('image', [1, 1, 'height', 'width'])],
    output: [valueInfo('features', [1, second.bias.length, 'rows', 'columns'])],
    initializer: [...weightsOf('first', first), ...weightsOf('second', second)],
    node: [
      convolution('image', 'first', 'sums1'),
      node('Relu', ['sums1'], 'maps1'),
      node('MaxPool', ['maps1'], 'halved', [ints('kernel_shape', [2, 2]), ints('strides', [2, 2]), same]),
      convolution('halved', 'second', 'sums2'),
      node('Relu', ['sums2'], 'features'),
    ],
  });
}

/** Half a cell is missing at odd sizes; it is padded at the end, as tfjs does. */
const same = word('auto_pad', 'SAME_UPPER');

function convolution(input: string, weights: string, output: string): onnx.INodeProto {
  return node('Conv', [input, `${weights}.filter`, `${weights}.bias`], output, [same]);
}

function weightsOf(name: string, { filter, shape, bias }: Convolution): onnx.ITensorProto[] {
  const [height, width, inputs, outputs] = shape;
  const filters = outputsFirst(filter, shape);
  return [
    floats(`${name}.filter`, [outputs, inputs, height, width], filters),
    floats(`${name}.bias`, [outputs], bias),
  ];
}

/** From tfjs's order of axes to ONNX's: `[outputs, inputs, height, width]`. */
function outputsFirst(
  filter: Float32Array,
  [height, width, inputs, outputs]: readonly number[],
): Float32Array {
  const plane = height * width;
  return Float32Array.from(filter, (_, i) => {
    const place = i % plane;
    const input = Math.floor(i / plane) % inputs;
    const output = Math.floor(i / plane / inputs);
    return filter[(place * inputs + input) * outputs + output];
  });
}
