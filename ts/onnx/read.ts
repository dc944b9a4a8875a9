/** Reads ONNX files. Numbers are those of the fields in ONNX's definition, onnx.proto. */
import type { Attribute, Graph, Model, ModelFunction, Named, Node, Opset } from './model.js';
import { damaged, type Field, readFields } from './wire.js';

/** Graphs inside graphs: none goes as deep, and each is a call within a call. */
const DEEPEST = 64;

/** Reads a model. Throws `invalid-model` where the bytes are no ONNX file, or end too early. */
export function readModel(bytes: Uint8Array): Model {
  checkStart(bytes);
  const opsets: Opset[] = [];
  const functions: ModelFunction[] = [];
  const rest: Uint8Array[] = [];
  const graphs: Graph[] = [];
  let irVersion = 0;
  for (const field of readFields(bytes)) {
    if (field.number === 1) irVersion = field.int;
    else if (field.number === 7) graphs.push(readGraph(field.value, 0));
    else if (field.number === 8) opsets.push(readOpset(field.value));
    else if (field.number === 25) functions.push(readFunction(field.value));
    else rest.push(field.raw);
  }
  const [graph, another] = graphs;
  if (!graph || another) damaged(`it has ${graph ? 'more than one graph' : 'no graph'}`);
  if (irVersion < 1) damaged('it does not say of which version it is');
  return { irVersion, opsets, graph, functions, rest };
}

/** Other files that people have at hand, by how they begin. */
const others: readonly [start: string, what: string][] = [
  ['PK', 'a zip archive, as PyTorch writes it: export the model to ONNX first'],
  ['\x80\x02', 'a pickle of Python: export the model to ONNX first'],
  ['\x89HDF', 'an HDF5 file, as Keras writes it: convert the model to ONNX first'],
  ['\x89PNG', 'a picture'],
  ['\xff\xd8\xff', 'a picture'],
  ['<', 'a page or XML: the address may be wrong'],
  ['{', 'JSON'],
  ['version https://git-lfs', 'a pointer of Git LFS, not the file itself'],
];

function checkStart(bytes: Uint8Array): void {
  if (bytes.length === 0) damaged('it is empty');
  const start = String.fromCharCode(...bytes.subarray(0, 32));
  if (start.slice(4, 8) === 'ORTM')
    damaged("it is in ONNX Runtime's own format: give the ONNX file it was made from");
  const other = others.find(([known]) => start.trimStart().startsWith(known));
  if (other) damaged(`it is ${other[1]}`);
}

function readGraph(bytes: Uint8Array, depth: number): Graph {
  if (depth > DEEPEST) damaged(`graphs lie inside each other more than ${DEEPEST} deep`);
  const nodes: Node[] = [];
  const lists: Record<number, Named[]> = { 5: [], 11: [], 12: [], 13: [], 15: [] };
  const rest: Uint8Array[] = [];
  let name = '';
  for (const field of readFields(bytes)) {
    if (field.number === 1) nodes.push(readNode(field.value, depth));
    else if (field.number === 2) name = field.text;
    else if (lists[field.number]) lists[field.number]!.push(readNamed(field));
    else rest.push(field.raw);
  }
  const [initializers, inputs, outputs, values, sparseInitializers] = [5, 11, 12, 13, 15].map(
    (number) => lists[number],
  ) as [Named[], Named[], Named[], Named[], Named[]];
  return { name, nodes, initializers, sparseInitializers, inputs, outputs, values, rest };
}

/** Where the name stands in a tensor, and in the description of a value. A sparse tensor goes by the name of its values. */
function readNamed({ number, value }: Field): Named {
  const tensor = number === 15 ? (find(value, 1)?.value ?? value) : value;
  const isTensor = number === 5 || number === 15;
  return { name: find(tensor, isTensor ? 8 : 1)?.text ?? '', bytes: value };
}

function find(bytes: Uint8Array, number: number): Field | undefined {
  for (const field of readFields(bytes)) if (field.number === number) return field;
  return undefined;
}

function readNode(bytes: Uint8Array, depth: number): Node {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Attribute[] = [];
  const rest: Uint8Array[] = [];
  const texts: Record<number, string> = { 3: '', 4: '', 7: '', 8: '' };
  for (const field of readFields(bytes)) {
    if (field.number === 1) inputs.push(field.text);
    else if (field.number === 2) outputs.push(field.text);
    else if (field.number === 5) attributes.push(readAttribute(field.value, depth));
    else if (field.number in texts) texts[field.number] = field.text;
    else rest.push(field.raw);
  }
  const { 3: name, 4: operator, 7: domain, 8: overload } = texts as Record<3 | 4 | 7 | 8, string>;
  return { operator, domain, overload, name, inputs, outputs, attributes, rest };
}

function readAttribute(bytes: Uint8Array, depth: number): Attribute {
  const graphs: Graph[] = [];
  let [name, reference, isList] = ['', undefined as string | undefined, false];
  for (const field of readFields(bytes)) {
    if (field.number === 1) name = field.text;
    else if (field.number === 21) reference = field.text;
    else if (field.number === 6 || field.number === 11) {
      graphs.push(readGraph(field.value, depth + 1));
      isList = field.number === 11;
    }
  }
  return { name, reference: reference || undefined, graphs, isList, bytes };
}

function readOpset(bytes: Uint8Array): Opset {
  let [domain, version] = ['', 0];
  for (const field of readFields(bytes)) {
    if (field.number === 1) domain = field.text;
    else if (field.number === 2) version = field.int;
  }
  return { domain, version };
}

function readFunction(bytes: Uint8Array): ModelFunction {
  const lists: Record<number, string[]> = { 4: [], 5: [], 6: [] };
  const texts: Record<number, string> = { 1: '', 10: '', 13: '' };
  const nodes: Node[] = [];
  const opsets: Opset[] = [];
  const defaults: Attribute[] = [];
  const rest: Uint8Array[] = [];
  for (const field of readFields(bytes)) {
    if (lists[field.number]) lists[field.number]!.push(field.text);
    else if (field.number in texts) texts[field.number] = field.text;
    else if (field.number === 7) nodes.push(readNode(field.value, 0));
    else if (field.number === 9) opsets.push(readOpset(field.value));
    else if (field.number === 11) defaults.push(readAttribute(field.value, 0));
    else rest.push(field.raw);
  }
  const [inputs, outputs, attributes] = [lists[4], lists[5], lists[6]] as [string[], string[], string[]];
  const [name, domain, overload] = [texts[1], texts[10], texts[13]] as [string, string, string];
  return { domain, name, overload, inputs, outputs, attributes, defaults, nodes, opsets, rest };
}
