/** Puts the body of a function in the place of each call. */
import { PyramidPoolError } from '../core/errors.js';
import {
  type Attribute,
  type Graph,
  graphsOf,
  type Model,
  type ModelFunction,
  type Named,
  type Node,
  walkNodes,
} from './model.js';
import { type Replace, rewriteModel, rewriteNodes } from './rewrite.js';
import { makeNode, renameAttribute, renameNamed, withGraphs } from './write.js';

/** Functions call functions: a file may ask for more than there is memory for. */
const MOST_NODES = 2 ** 20;
const DEEPEST = 64;

/** Inlines the calls of some functions, at any depth, and drops these functions from the model. */
export function inlineFunctions(model: Model, which: (it: ModelFunction) => boolean): Model {
  const functions = new Map(model.functions.filter(which).map((it) => [keyOf(it), it]));
  if (functions.size === 0) return model;
  const kept = model.functions.filter((it) => !which(it));
  const inliner = new Inliner(functions, unusedPrefix(model));
  return rewriteModel({ ...model, functions: kept }, inliner.replace);
}

/** What a call names its function by. */
export function callKey({ domain, operator, overload }: Node): string {
  return `${domain}\n${operator}\n${overload}`;
}

export function keyOf({ domain, name, overload }: ModelFunction): string {
  return `${domain}\n${name}\n${overload}`;
}

class Inliner {
  #calls = 0;
  #nodes = 0;
  #depth = 0;

  constructor(
    readonly functions: ReadonlyMap<string, ModelFunction>,
    readonly prefix: string,
  ) {}

  readonly replace: Replace = (node) => {
    const called = this.functions.get(callKey(node));
    if (!called) return [node];
    this.#nodes += called.nodes.length;
    if (++this.#depth > DEEPEST || this.#nodes > MOST_NODES) {
      throw new PyramidPoolError(
        'invalid-model',
        `the model's function ${called.domain}.${called.name} calls itself, or too many others, to be inlined`,
      );
    }
    const nodes = rewriteNodes(bodyOf(called, node, `${this.prefix}${this.#calls++}/`), this.replace);
    this.#depth--;
    return nodes;
  };
}

/** A beginning that no name in the model has. */
function unusedPrefix(model: Model): string {
  const names = new Set<string>();
  const add = (graph: Graph) => {
    for (const { name } of [...graph.inputs, ...graph.initializers, ...graph.outputs]) names.add(name);
  };
  add(model.graph);
  for (const node of walkNodes([...model.graph.nodes, ...model.functions.flatMap(({ nodes }) => nodes)])) {
    for (const name of [...node.inputs, ...node.outputs]) names.add(name);
    graphsOf(node).forEach(add);
  }
  let prefix = 'inlined_';
  const isTaken = () => [...names].some((name) => name.startsWith(prefix));
  while (isTaken()) prefix = `_${prefix}`;
  return prefix;
}

/** What is put in the place of names and of references to attributes. */
interface Substitution {
  readonly rename: (name: string) => string;
  readonly resolve: (attribute: Attribute) => Attribute | undefined;
}

/** The body of a function as nodes of the graph that calls it. */
function bodyOf(called: ModelFunction, call: Node, prefix: string): Node[] {
  const names = new Map<string, string>([['', '']]);
  called.inputs.forEach((name, i) => {
    names.set(name, call.inputs[i] ?? '');
  });
  const passedOn: Node[] = [];
  called.outputs.forEach((name, i) => {
    const output = call.outputs[i] ?? '';
    if (output === '') return;
    if (names.has(name)) passedOn.push(makeNode('Identity', [names.get(name)!], [output]));
    else names.set(name, output);
  });
  const substitution: Substitution = {
    rename: (name) => names.get(name) ?? prefix + name,
    resolve: (attribute) => resolve(attribute, call, called),
  };
  return [...called.nodes.map((node) => substitute(node, substitution)), ...passedOn];
}

/** An attribute of a node in the body: the call's where it refers to one, or else the function's default. */
function resolve(attribute: Attribute, call: Node, called: ModelFunction): Attribute | undefined {
  if (attribute.reference === undefined) return attribute;
  const isIt = ({ name }: Attribute) => name === attribute.reference;
  const found = call.attributes.find(isIt) ?? called.defaults.find(isIt);
  return found && renameAttribute(found, attribute.name);
}

function substitute(node: Node, substitution: Substitution): Node {
  const { rename } = substitution;
  return {
    ...node,
    name: node.name === '' ? '' : rename(node.name),
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: node.attributes.flatMap((attribute) => {
      const resolved = substitution.resolve(attribute);
      if (!resolved) return [];
      if (resolved.graphs.length === 0) return [resolved];
      return [
        withGraphs(
          resolved,
          resolved.graphs.map((graph) => substituteGraph(graph, substitution)),
        ),
      ];
    }),
  };
}

/** Where the name of a tensor stands, and of the description of a value. */
const TENSOR_NAME = 8;
const VALUE_NAME = 1;

function substituteGraph(graph: Graph, substitution: Substitution): Graph {
  const all = (list: readonly Named[], number: number) =>
    list.map((it) => renameNamed(it, number, substitution.rename(it.name)));
  return {
    ...graph,
    nodes: graph.nodes.map((node) => substitute(node, substitution)),
    initializers: all(graph.initializers, TENSOR_NAME),
    inputs: all(graph.inputs, VALUE_NAME),
    outputs: all(graph.outputs, VALUE_NAME),
    values: all(graph.values, VALUE_NAME),
  };
}
