/** The few pieces of ONNX graphs that the demo writes. */
import onnxProto, { type onnx } from 'onnx-proto';

const { AttributeProto, ModelProto, TensorProto } = onnxProto.onnx;
const OPSET = 17;
const IR_VERSION = 8;

/** A size that is not known before the model runs has a name instead. */
type Size = number | string;

export function encodeModel(graph: onnx.IGraphProto): Uint8Array {
  const opsetImport = [{ domain: '', version: OPSET }];
  const model = { irVersion: IR_VERSION, producerName: 'pyramid-pool', opsetImport, graph };
  return ModelProto.encode(ModelProto.create(model)).finish();
}

export function node(
  opType: string,
  input: string[],
  output: string,
  attribute: onnx.IAttributeProto[] = [],
): onnx.INodeProto {
  return { name: output, opType, input, output: [output], attribute };
}

export function ints(name: string, values: number[]): onnx.IAttributeProto {
  return { name, type: AttributeProto.AttributeType.INTS, ints: values };
}

export function int(name: string, value: number): onnx.IAttributeProto {
  return { name, type: AttributeProto.AttributeType.INT, i: value };
}

export function word(name: string, value: string): onnx.IAttributeProto {
  return { name, type: AttributeProto.AttributeType.STRING, s: new TextEncoder().encode(value) };
}

export function floats(name: string, dims: number[], values: Float32Array): onnx.ITensorProto {
  const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dims, dataType: TensorProto.DataType.FLOAT, rawData };
}

export function longs(name: string, values: number[]): onnx.ITensorProto {
  return { name, dims: [values.length], dataType: TensorProto.DataType.INT64, int64Data: values };
}

export function valueInfo(name: string, sizes: readonly Size[]): onnx.IValueInfoProto {
  const dim = sizes.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: TensorProto.DataType.FLOAT, shape: { dim } } } };
}
