/** What a graph says of a value: its element type and its sizes. */
import type { Graph, Named } from './model.js';
import { readFields } from './wire.js';
import { UNKNOWN } from './write.js';

export interface ValueInfo {
  /** ONNX's number for the type of elements; undefined where it is not said, or the value is no tensor. */
  readonly elementType: number | undefined;
  /** Sizes, or their names; undefined where not even their number is said. */
  readonly dims: readonly (number | string)[] | undefined;
  /** False for lists and maps of tensors, and for values that may be missing. */
  readonly isTensor: boolean;
}

const unknown: ValueInfo = { elementType: undefined, dims: undefined, isTensor: true };

/** What a graph says of its values, by name. */
export function describeValues(graph: Graph): Map<string, Named> {
  return new Map([...graph.values, ...graph.inputs, ...graph.outputs].map((it) => [it.name, it]));
}

export function readValueInfo({ bytes }: Named): ValueInfo {
  for (const field of readFields(bytes)) if (field.number === 2) return readType(field.value);
  return unknown;
}

function readType(bytes: Uint8Array): ValueInfo {
  for (const field of readFields(bytes)) {
    if (field.number === 1) return readTensorType(field.value);
    if (field.number === 4 || field.number === 5 || field.number === 9)
      return { ...unknown, isTensor: false };
  }
  return unknown;
}

function readTensorType(bytes: Uint8Array): ValueInfo {
  let elementType: number | undefined;
  let dims: (number | string)[] | undefined;
  for (const field of readFields(bytes)) {
    if (field.number === 1) elementType = field.int;
    else if (field.number === 2) dims = readShape(field.value);
  }
  return { elementType, dims, isTensor: true };
}

function readShape(bytes: Uint8Array): (number | string)[] {
  const dims: (number | string)[] = [];
  for (const field of readFields(bytes)) if (field.number === 1) dims.push(readSize(field.value));
  return dims;
}

/** A size: a number, a name, or `UNKNOWN`. */
function readSize(bytes: Uint8Array): number | string {
  for (const field of readFields(bytes)) {
    if (field.number === 1) return field.int;
    if (field.number === 2) return field.text || UNKNOWN;
  }
  return UNKNOWN;
}

/** ONNX's numbers for element types by the names that ONNX Runtime's tensors have for them. */
export const elementTypes: Readonly<Record<string, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  uint4: 21,
  int4: 22,
};

export function typeName(elementType: number): string {
  return (
    Object.keys(elementTypes).find((name) => elementTypes[name] === elementType) ?? `type ${elementType}`
  );
}
