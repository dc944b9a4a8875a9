/** Writes ONNX files, and the parts of them that this package makes. Numbers are those of the fields in onnx.proto. */
import type { PlainDataOf } from '../core/result-types.js';
import type { Attribute, Graph, Model, ModelFunction, Named, Node, Opset } from './model.js';
import { floatField, intField, join, messageField, readFields, textField } from './wire.js';

/** The bytes of a model as a file. */
export function writeModel(model: Model): PlainDataOf['uint8'] {
  return join([
    intField(1, model.irVersion),
    ...model.rest,
    ...messageField(7, graphPieces(model.graph)),
    ...model.opsets.flatMap((opset) => messageField(8, opsetPieces(opset))),
    ...model.functions.flatMap((it) => messageField(25, functionPieces(it))),
  ]);
}

function graphPieces(graph: Graph): Uint8Array[] {
  const list = (number: number, named: readonly Named[]) =>
    named.flatMap(({ bytes }) => messageField(number, [bytes]));
  return [
    ...graph.nodes.flatMap((node) => messageField(1, nodePieces(node))),
    textField(2, graph.name),
    ...list(5, graph.initializers),
    ...list(11, graph.inputs),
    ...list(12, graph.outputs),
    ...list(13, graph.values),
    ...list(15, graph.sparseInitializers),
    ...graph.rest,
  ];
}

function nodePieces(node: Node): Uint8Array[] {
  const texts: [number, string][] = [
    [3, node.name],
    [4, node.operator],
    [7, node.domain],
    [8, node.overload],
  ];
  return [
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    ...texts.filter(([, text]) => text !== '').map(([number, text]) => textField(number, text)),
    ...node.attributes.flatMap(({ bytes }) => messageField(5, [bytes])),
    ...node.rest,
  ];
}

function opsetPieces({ domain, version }: Opset): Uint8Array[] {
  return [textField(1, domain), intField(2, version)];
}

function functionPieces(it: ModelFunction): Uint8Array[] {
  return [
    textField(1, it.name),
    ...it.inputs.map((name) => textField(4, name)),
    ...it.outputs.map((name) => textField(5, name)),
    ...it.attributes.map((name) => textField(6, name)),
    ...it.nodes.flatMap((node) => messageField(7, nodePieces(node))),
    ...it.opsets.flatMap((opset) => messageField(9, opsetPieces(opset))),
    textField(10, it.domain),
    ...it.defaults.flatMap(({ bytes }) => messageField(11, [bytes])),
    ...(it.overload === '' ? [] : [textField(13, it.overload)]),
    ...it.rest,
  ];
}

/** ONNX's numbers for the kinds of attributes. */
const FLOAT = 1;
const INT = 2;
const TEXT = 3;
const GRAPH = 5;
const INTS = 7;
const GRAPHS = 10;

/** A number is an integer, but for those of attributes whose name says that they hold a float. */
export type AttributeValue = number | string | readonly number[];

export function makeAttribute(name: string, value: AttributeValue): Attribute {
  return attributeOf(name, [textField(1, name), ...valuePieces(name, value)]);
}

function valuePieces(name: string, value: AttributeValue): Uint8Array[] {
  if (typeof value === 'string') return [textField(4, value), intField(20, TEXT)];
  if (typeof value !== 'number') return [...value.map((n) => intField(8, n)), intField(20, INTS)];
  if (name === 'value_float') return [floatField(2, value), intField(20, FLOAT)];
  return [intField(3, value), intField(20, INT)];
}

/** An attribute of a node in a function, which takes whole numbers from the call. */
export function makeReference(name: string, reference: string): Attribute {
  const pieces = [textField(1, name), intField(20, INTS), textField(21, reference)];
  return { ...attributeOf(name, pieces), reference };
}

/** An attribute with other graphs. */
export function withGraphs(attribute: Attribute, graphs: readonly Graph[]): Attribute {
  const { name, isList } = attribute;
  const pieces = graphs.flatMap((graph) => messageField(isList ? 11 : 6, graphPieces(graph)));
  const kind = intField(20, isList ? GRAPHS : GRAPH);
  return { ...attributeOf(name, [textField(1, name), ...pieces, kind]), graphs, isList };
}

/** The same attribute by another name. */
export function renameAttribute(attribute: Attribute, name: string): Attribute {
  return { ...attribute, name, bytes: join(renamed(attribute.bytes, 1, name)) };
}

function attributeOf(name: string, pieces: readonly Uint8Array[]): Attribute {
  return { name, reference: undefined, graphs: [], isList: false, bytes: join(pieces) };
}

export interface NodeParts {
  readonly domain?: string;
  readonly name?: string;
  readonly overload?: string;
  readonly attributes?: readonly Attribute[];
}

export function makeNode(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  parts: NodeParts = {},
): Node {
  const { domain = '', name = '', overload = '', attributes = [] } = parts;
  return { operator, domain, overload, name, inputs, outputs, attributes, rest: [] };
}

/** A size that is not known, and has no name either. */
export const UNKNOWN = '?';

/** The description of a tensor. Sizes that are not known beforehand have a name, or are `UNKNOWN`. */
export function makeValue(
  name: string,
  elementType: number | undefined,
  dims: readonly (number | string)[] | undefined,
): Named {
  if (elementType === undefined) return { name, bytes: textField(1, name) };
  const size = (it: number | string) => (typeof it === 'number' ? intField(1, it) : textField(2, it));
  const shape =
    dims &&
    messageField(
      2,
      dims.flatMap((it) => messageField(1, it === UNKNOWN ? [] : [size(it)])),
    );
  const tensor = messageField(1, [intField(1, elementType), ...(shape ?? [])]);
  return { name, bytes: join([textField(1, name), ...messageField(2, tensor)]) };
}

/** A tensor by another name; `number` is that of the field of its name. */
export function renameNamed({ bytes }: Named, number: number, name: string): Named {
  return { name, bytes: join(renamed(bytes, number, name)) };
}

function renamed(bytes: Uint8Array, number: number, name: string): Uint8Array[] {
  const others = [...readFields(bytes)].filter((field) => field.number !== number);
  return [textField(number, name), ...others.map(({ raw }) => raw)];
}
