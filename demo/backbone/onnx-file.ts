/** Writes the convolutions of the digit network as an ONNX file that takes images of any height and width. */
import onnxProto, { type onnx } from 'onnx-proto';

/** The weights of one convolution as tfjs keeps them: `[height, width, inputs, outputs]`, and a bias for each output. */
export interface Convolution {
  readonly filter: Float32Array;
  readonly shape: readonly number[];
  readonly bias: Float32Array;
}

const { AttributeProto, ModelProto, TensorProto } = onnxProto.onnx;
const OPSET = 17;
const IR_VERSION = 8;

/** `image` `[1, 1, height, width]` -> `features` `[1, outputs, ceil(height / 2), ceil(width / 2)]`. */
export function backboneFile(first: Convolution, second: Convolution): Uint8Array {
  const graph = {
    name: 'digit-backbone',
    input: [valueInfo('image', 1, 'height', 'width')],
    output: [valueInfo('features', second.bias.length, 'rows', 'columns')],
    initializer: [...weightsOf('first', first), ...weightsOf('second', second)],
    node: [
      convolution('image', 'first', 'sums1'),
      node('Relu', ['sums1'], 'maps1'),
      node('MaxPool', ['maps1'], 'halved', [ints('kernel_shape', [2, 2]), ints('strides', [2, 2]), same]),
      convolution('halved', 'second', 'sums2'),
      node('Relu', ['sums2'], 'features'),
    ],
  };
  const model = {
    irVersion: IR_VERSION,
    producerName: 'pyramid-pool',
    opsetImport: [{ domain: '', version: OPSET }],
    graph,
  };
  return ModelProto.encode(ModelProto.create(model)).finish();
}

/** Half a cell is missing at odd sizes; it is padded at the end, as tfjs does. */
const same: onnx.IAttributeProto = {
  name: 'auto_pad',
  type: AttributeProto.AttributeType.STRING,
  s: new TextEncoder().encode('SAME_UPPER'),
};

function ints(name: string, values: number[]): onnx.IAttributeProto {
  return { name, type: AttributeProto.AttributeType.INTS, ints: values };
}

function node(
  opType: string,
  input: string[],
  output: string,
  attribute: onnx.IAttributeProto[] = [],
): onnx.INodeProto {
  return { name: output, opType, input, output: [output], attribute };
}

function convolution(input: string, weights: string, output: string): onnx.INodeProto {
  return node('Conv', [input, `${weights}.filter`, `${weights}.bias`], output, [same]);
}

function weightsOf(name: string, { filter, shape, bias }: Convolution): onnx.ITensorProto[] {
  const [height, width, inputs, outputs] = shape;
  const filters = outputsFirst(filter, shape);
  return [
    tensor(`${name}.filter`, [outputs, inputs, height, width], filters),
    tensor(`${name}.bias`, [outputs], bias),
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

function tensor(name: string, dims: number[], values: Float32Array): onnx.ITensorProto {
  const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dims, dataType: TensorProto.DataType.FLOAT, rawData };
}

function valueInfo(name: string, channels: number, rows: string, columns: string): onnx.IValueInfoProto {
  const dim = [{ dimValue: 1 }, { dimValue: channels }, { dimParam: rows }, { dimParam: columns }];
  return { name, type: { tensorType: { elemType: TensorProto.DataType.FLOAT, shape: { dim } } } };
}
