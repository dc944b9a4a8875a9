/** What is read of the tensors that a file holds. */
import { type Graph, intsOf, type Model, type Named, type Node, walkNodes } from './model.js';
import { readFields } from './wire.js';

const INT32 = 6;
const INT64 = 7;

/** Lists longer than this are no sizes. */
const MOST_SIZES = 16;

/** Bytes of a field with as many: ten for each number. */
const MOST_BYTES = 10 * MOST_SIZES + 8;

/** Sizes that a node or the file itself gives a name: short lists of whole numbers. */
export function constantInts(
  nodes: Iterable<Node>,
  initializers: readonly Named[],
): Map<string, readonly number[]> {
  const known = new Map<string, readonly number[]>();
  const set = (name: string | undefined, ints: readonly number[] | undefined) => {
    if (name !== undefined && ints) known.set(name, ints);
  };
  for (const { name, bytes } of initializers) set(name, tensorInts(bytes));
  for (const node of nodes) {
    if (node.operator === 'Constant') set(node.outputs[0], constantNode(node));
    if (node.operator === 'Concat') {
      const parts = node.inputs.map((name) => known.get(name));
      if (parts.every((part) => part !== undefined)) set(node.outputs[0], parts.flat());
    }
    if (/^(Unsqueeze|Cast|Identity)$/.test(node.operator))
      set(node.outputs[0], known.get(node.inputs[0] ?? ''));
  }
  return known;
}

function constantNode(node: Node): number[] | undefined {
  const tensor = node.attributes.find(({ name }) => name === 'value');
  if (!tensor) return intsOf(node, 'value_ints') ?? intsOf(node, 'value_int');
  for (const field of readFields(tensor.bytes)) if (field.number === 5) return tensorInts(field.value);
  return undefined;
}

/** The whole numbers of a short tensor, or undefined. */
function tensorInts(bytes: Uint8Array): number[] | undefined {
  let [type, raw] = [0, undefined as Uint8Array | undefined];
  const ints: number[] = [];
  for (const field of readFields(bytes)) {
    if (field.number === 2) type = field.int;
    else if (field.number === 9) raw = field.value;
    else if (field.number === 5 || field.number === 7) {
      if (field.raw.length > MOST_BYTES || ints.length > MOST_SIZES) return undefined;
      ints.push(...field.ints);
    }
    if (type !== 0 && type !== INT32 && type !== INT64) return undefined;
  }
  if (type !== INT32 && type !== INT64) return undefined;
  const all = raw ? rawInts(raw, type) : ints;
  return all && all.length <= MOST_SIZES ? all : undefined;
}

function rawInts(raw: Uint8Array, type: number): number[] | undefined {
  const width = type === INT64 ? 8 : 4;
  if (raw.length % width !== 0 || raw.length > MOST_SIZES * width) return undefined;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: raw.length / width }, (_, i) =>
    type === INT64 ? Number(view.getBigInt64(8 * i, true)) : view.getInt32(4 * i, true),
  );
}

/** The type of a tensor's elements, as ONNX numbers them. */
export function tensorType({ bytes }: Named): number {
  for (const field of readFields(bytes)) if (field.number === 2) return field.int;
  return 0;
}

/** Files beside the model that hold its weights. */
export function externalFiles(model: Model): Set<string> {
  const files = new Set<string>();
  const add = (graph: Graph) => {
    for (const { bytes } of graph.initializers) addFile(bytes, files);
  };
  add(model.graph);
  for (const { attributes } of walkNodes([
    ...model.graph.nodes,
    ...model.functions.flatMap((it) => it.nodes),
  ])) {
    for (const { graphs, bytes, name } of attributes) {
      graphs.forEach(add);
      if (name !== 'value') continue;
      for (const field of readFields(bytes)) if (field.number === 5) addFile(field.value, files);
    }
  }
  return files;
}

/** Adds the file that a tensor lies in: an entry of its `external_data` named `location`. */
function addFile(tensor: Uint8Array, files: Set<string>): void {
  let isExternal = false;
  let location: string | undefined;
  for (const field of readFields(tensor)) {
    if (field.number === 14) isExternal = field.int === 1;
    else if (field.number === 13) location = readLocation(field.value) ?? location;
  }
  if (isExternal && location !== undefined) files.add(location);
}

function readLocation(entry: Uint8Array): string | undefined {
  let [key, value] = ['', ''];
  for (const field of readFields(entry)) {
    if (field.number === 1) key = field.text;
    else if (field.number === 2) value = field.text;
  }
  return key === 'location' ? value : undefined;
}
