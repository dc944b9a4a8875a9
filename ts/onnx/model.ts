/** ONNX models in memory: what this package reads of them, and the bytes of all the rest. */
import { type Pieces, readFields } from './wire.js';

/** A version of a set of operators. */
export interface Opset {
  readonly domain: string;
  readonly version: number;
}

export interface Model {
  readonly irVersion: number;
  readonly opsets: readonly Opset[];
  readonly graph: Graph;
  readonly functions: readonly ModelFunction[];
  /** Fields that are not read: who made it, notes. */
  readonly rest: Pieces;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Named[];
  readonly sparseInitializers: readonly Named[];
  readonly inputs: readonly Named[];
  readonly outputs: readonly Named[];
  /** Types and sizes of other values. */
  readonly values: readonly Named[];
  readonly rest: Pieces;
}

/** A part of a graph that goes by the name of the value it describes: its name, and its message. */
export interface Named {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Node {
  readonly operator: string;
  readonly domain: string;
  /** Which of several functions of the same name it calls. */
  readonly overload: string;
  readonly name: string;
  /** Names of values; an empty one stands for an input or output that was left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly Attribute[];
  readonly rest: Pieces;
}

export interface Attribute {
  readonly name: string;
  /** The attribute of the function around it that it takes its value from. */
  readonly reference: string | undefined;
  /** Graphs that it holds: the bodies of `If`, `Loop` and `Scan`. */
  readonly graphs: readonly Graph[];
  /** Whether it holds a list of graphs and not one. */
  readonly isList: boolean;
  readonly bytes: Uint8Array;
}

/** A function that the file brings along: an operator with a body. */
export interface ModelFunction {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that calls may give, with what they are if a call does not. */
  readonly attributes: readonly string[];
  readonly defaults: readonly Attribute[];
  readonly nodes: readonly Node[];
  readonly opsets: readonly Opset[];
  readonly rest: Pieces;
}

/** The nodes of a list, and all that stand in graphs inside them. */
export function* walkNodes(nodes: readonly Node[]): Generator<Node> {
  for (const node of nodes) {
    yield node;
    for (const graph of graphsOf(node)) yield* walkNodes(graph.nodes);
  }
}

export function graphsOf(node: Node): readonly Graph[] {
  return node.attributes.flatMap(({ graphs }) => graphs);
}

/** Values that a node reads: its inputs, and those of the graph around it that the graphs inside it read. */
export function readBy(node: Node): Set<string> {
  const names = new Set(node.inputs.filter((name) => name !== ''));
  for (const graph of graphsOf(node)) for (const name of readFromOutside(graph)) names.add(name);
  return names;
}

function readFromOutside(graph: Graph): Set<string> {
  const made = new Set<string>();
  for (const { name } of [...graph.initializers, ...graph.sparseInitializers, ...graph.inputs])
    made.add(name);
  for (const { outputs } of graph.nodes) for (const name of outputs) made.add(name);
  const read = new Set<string>();
  for (const node of graph.nodes) for (const name of readBy(node)) read.add(name);
  for (const { name } of graph.outputs) read.add(name);
  return new Set([...read].filter((name) => !made.has(name)));
}

/** Version of the standard operators that a model is written for. */
export function standardOpset({ opsets }: { readonly opsets: readonly Opset[] }): number | undefined {
  return opsets.find(({ domain }) => isStandard(domain))?.version;
}

/** ONNX's own operators go by two domains. */
export function isStandard(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

/** The numbers of a list attribute, or the one number of another. */
export function intsOf(node: Node, name: string): number[] | undefined {
  return read(node, name, [ATTRIBUTE_INT, ATTRIBUTE_INTS], (field) => field.ints);
}

export function textOf(node: Node, name: string): string | undefined {
  return read(node, name, [ATTRIBUTE_TEXT], (field) => [field.text])?.[0];
}

const ATTRIBUTE_INT = 3;
const ATTRIBUTE_TEXT = 4;
const ATTRIBUTE_INTS = 8;

function read<T>(
  node: Node,
  name: string,
  numbers: readonly number[],
  take: (field: { ints: number[]; text: string }) => T[],
): T[] | undefined {
  const attribute = node.attributes.find((it) => it.name === name);
  if (!attribute) return undefined;
  const values: T[] = [];
  for (const field of readFields(attribute.bytes)) {
    if (numbers.includes(field.number)) values.push(...take(field));
  }
  return values;
}
