/** Makes a model of its own of each part of a cut graph. */
import { cutGraph, type Part } from './cut.js';
import { DOMAIN } from './domain.js';
import { callKey, keyOf } from './inline.js';
import {
  type Graph,
  graphsOf,
  type Model,
  type ModelFunction,
  type Named,
  type Node,
  readBy,
  walkNodes,
} from './model.js';
import { describeValues } from './value-info.js';
import { makeValue } from './write.js';

/** The part as a model, without bodies. `describe` says what the values are that come from outside. */
export function partModel(model: Model, part: Part, describe: (name: string) => Named): Model {
  const { graph } = model;
  const inside = new Set(part.nodes.flatMap((node) => [...readBy(node)]));
  const outputs = new Set(part.outputs);
  const isNeeded = ({ name }: Named) => inside.has(name) || outputs.has(name);
  const made = new Set(part.nodes.flatMap((node) => node.outputs));
  const known = new Map([...graph.values, ...graph.outputs].map((it) => [it.name, it]));
  const partGraph: Graph = {
    name: graph.name,
    nodes: part.nodes,
    initializers: graph.initializers.filter(isNeeded),
    sparseInitializers: graph.sparseInitializers.filter(isNeeded),
    inputs: part.inputs.map(describe),
    outputs: part.outputs.map((name) => known.get(name) ?? makeValue(name, undefined, undefined)),
    values: graph.values.filter(({ name }) => made.has(name) && !outputs.has(name)),
    rest: [],
  };
  const functions = functionsOf(part.nodes, model.functions);
  const opsets = model.opsets.filter(({ domain }) => domain !== DOMAIN);
  return { ...model, graph: partGraph, functions, opsets };
}

/** A model without what its outputs do not depend on. */
export function pruneModel(model: Model): Model {
  const cut = cutGraph(model.graph, () => undefined);
  const part = 'stages' in cut ? cut.stages[0]?.part : undefined;
  const described = describeValues(model.graph);
  return part ? partModel(model, part, (name) => described.get(name)!) : model;
}

/** The functions that nodes call, and those that these call. */
function functionsOf(nodes: readonly Node[], all: readonly ModelFunction[]): ModelFunction[] {
  const left = new Map(all.map((it) => [keyOf(it), it]));
  const found: ModelFunction[] = [];
  const visit = (list: readonly Node[]) => {
    for (const node of walkNodes(list)) {
      const called = left.get(callKey(node));
      if (!called) continue;
      left.delete(callKey(node));
      found.push(called);
      visit(called.nodes);
    }
  };
  visit(nodes);
  return found;
}

/** Names of the nodes around each node that stands in a graph of another one. */
export function* nestedNodes(nodes: readonly Node[]): Generator<{ node: Node; inside: Node }> {
  for (const inside of nodes) {
    for (const graph of graphsOf(inside)) for (const node of walkNodes(graph.nodes)) yield { node, inside };
  }
}
