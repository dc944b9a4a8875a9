/** Replaces nodes, wherever in a model they stand. */
import type { Attribute, Graph, Model, Node } from './model.js';
import { withGraphs } from './write.js';

/** What takes the place of a node: itself, where it stays. Graphs inside it are done before it. */
export type Replace = (node: Node) => readonly Node[];

/** Replaces nodes in the graph of a model, in the graphs inside it, and in its functions. */
export function rewriteModel(model: Model, replace: Replace, replaceInFunction = () => replace): Model {
  return {
    ...model,
    graph: rewriteGraph(model.graph, replace),
    functions: model.functions.map((it) => ({ ...it, nodes: rewriteNodes(it.nodes, replaceInFunction()) })),
  };
}

export function rewriteGraph(graph: Graph, replace: Replace): Graph {
  const nodes = rewriteNodes(graph.nodes, replace);
  return nodes === graph.nodes ? graph : { ...graph, nodes };
}

/** The same list where nothing changed, so that what holds it is not written anew. */
export function rewriteNodes(nodes: readonly Node[], replace: Replace): readonly Node[] {
  const rewritten = nodes.flatMap((node) => replace(rewriteInside(node, replace)));
  const isSame = rewritten.length === nodes.length && rewritten.every((node, i) => node === nodes[i]);
  return isSame ? nodes : rewritten;
}

function rewriteInside(node: Node, replace: Replace): Node {
  if (node.attributes.every(({ graphs }) => graphs.length === 0)) return node;
  const attributes = node.attributes.map((attribute) => rewriteAttribute(attribute, replace));
  const isSame = attributes.every((attribute, i) => attribute === node.attributes[i]);
  return isSame ? node : { ...node, attributes };
}

function rewriteAttribute(attribute: Attribute, replace: Replace): Attribute {
  const graphs = attribute.graphs.map((graph) => rewriteGraph(graph, replace));
  return graphs.every((graph, i) => graph === attribute.graphs[i])
    ? attribute
    : withGraphs(attribute, graphs);
}
