/** Small ONNX models, made for a test. */
import onnxProto, { type onnx } from 'onnx-proto';

const { AttributeProto, ModelProto, TensorProto } = onnxProto.onnx;
const { AttributeType } = AttributeProto;

export const FLOAT = TensorProto.DataType.FLOAT;
export const FLOAT16 = TensorProto.DataType.FLOAT16;
export const INT64 = TensorProto.DataType.INT64;
export const BOOL = TensorProto.DataType.BOOL;

type Size = number | string;
type AttributeValue = number | string | readonly number[] | onnx.IGraphProto;

/** A node: `domain::Operator`, or an operator of ONNX's own. */
export function node(
  operator: string,
  input: string[],
  output: string[],
  attributes: Record<string, AttributeValue> = {},
): onnx.INodeProto {
  const [domain, opType] = operator.includes('::') ? operator.split('::') : ['', operator];
  return {
    opType,
    domain,
    name: output[0],
    input,
    output,
    attribute: Object.entries(attributes).map(attribute),
  };
}

function attribute([name, value]: [string, AttributeValue]): onnx.IAttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string')
    return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: AttributeType.INTS, ints: [...value] };
  return { name, type: AttributeType.GRAPH, g: value as onnx.IGraphProto };
}

/** Numbers that are the same in every run. */
export function numbers(count: number, seed = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(seed * 12.9898 + i * 78.233) / 2);
}

export function weights(name: string, dims: number[], seed = name.length): onnx.ITensorProto {
  const values = numbers(
    dims.reduce((a, b) => a * b, 1),
    seed,
  );
  return { name, dims, dataType: FLOAT, rawData: new Uint8Array(values.buffer) };
}

export function longs(name: string, values: number[], dims = [values.length]): onnx.ITensorProto {
  return { name, dims, dataType: INT64, int64Data: values };
}

export function value(name: string, dims: Size[] | undefined, elemType = FLOAT): onnx.IValueInfoProto {
  const sizes = dims?.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType, ...(sizes && { shape: { dim: sizes } }) } } };
}

export interface Parts extends onnx.IGraphProto {
  opset?: number;
  irVersion?: number;
  functions?: onnx.IFunctionProto[];
  domains?: Record<string, number>;
}

export function model({
  opset = 17,
  irVersion = 8,
  functions,
  domains = {},
  ...graph
}: Parts): Uint8Array<ArrayBuffer> {
  const opsetImport = Object.entries({ '': opset, pyramid_pool: 1, ...domains }).map(([domain, version]) => ({
    domain,
    version,
  }));
  const made = { irVersion, opsetImport, graph: { name: 'graph', ...graph }, functions } as onnx.IModelProto;
  return new Uint8Array(ModelProto.encode(ModelProto.create(made)).finish());
}
