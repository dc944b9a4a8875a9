/** Brings a model into the form that cutting and writing start from. */
import type { OutputOrder } from '../arguments/feature-map.js';
import { PyramidPoolError } from '../core/errors.js';
import type { Reduction } from '../pools/options.js';
import { DOMAIN, type PoolLevel } from './domain.js';
import { callKey, inlineFunctions, keyOf } from './inline.js';
import { type Graph, type Model, type ModelFunction, type Node, walkNodes } from './model.js';
import { nearest } from './names.js';
import { asOwnOperator, checkVersion } from './pools.js';
import { rewriteModel } from './rewrite.js';
import { constantInts } from './tensor-proto.js';
import { describeValues, readValueInfo } from './value-info.js';
import { makeAttribute, makeNode, makeValue } from './write.js';

/** A pyramid that is put on a value of a model. */
export interface PyramidRequest {
  readonly levels: readonly PoolLevel[];
  readonly reduction: Reduction;
  readonly outputOrder: OutputOrder;
  /** The value; by default the model's one output. */
  readonly at: string | undefined;
}

/** The name of the output that a pyramid makes. */
export const VECTOR = 'vector';

/** Every node that pools becomes one of `pyramid_pool` in the main graph, if it can, and the file's own bodies are dropped. */
export function preparePools(model: Model): Model {
  checkVersion(model.opsets);
  const own = (it: ModelFunction) => it.domain === DOMAIN;
  const withoutBodies = { ...model, functions: model.functions.filter((it) => !own(it)) };
  return inlineHolders(asOwnOperators(withoutBodies));
}

/** PyTorch's own pooling operators become those of `pyramid_pool`. */
function asOwnOperators(model: Model): Model {
  const { graph, functions } = model;
  const constants = constantInts(walkNodes(graph.nodes), graph.initializers);
  const inFunctions = constantInts(walkNodes(functions.flatMap(({ nodes }) => nodes)), []);
  const replace = (known: ReadonlyMap<string, readonly number[]>) => (node: Node) => [
    asOwnOperator(node, (name) => known.get(name)),
  ];
  return rewriteModel(model, replace(constants), () => replace(inFunctions));
}

/** Functions with pools inside are inlined, as a graph can be cut and a function cannot. */
function inlineHolders(model: Model): Model {
  const holders = new Set<string>();
  const isHolder = (node: Node) => node.domain === DOMAIN || holders.has(callKey(node));
  for (let before = -1; before !== holders.size; ) {
    before = holders.size;
    for (const it of model.functions) {
      if ([...walkNodes(it.nodes)].some(isHolder)) holders.add(keyOf(it));
    }
  }
  return inlineFunctions(model, (it) => holders.has(keyOf(it)));
}

/** Puts a pyramid on a value. Its vector is the model's output, and whatever else `outputs` asks for. */
export function addPyramid(model: Model, request: PyramidRequest): Model {
  const { graph } = model;
  const at = request.at ?? onlyOutput(graph);
  checkValue(graph, at, 'options.pyramid.at');
  if (valuesOf(graph).has(VECTOR)) {
    throw new PyramidPoolError(
      'invalid-options',
      `the model has a value '${VECTOR}' already: a pyramid cannot be put on it as well`,
    );
  }
  const pairs = request.levels.map((level) => (level.length === 1 ? [level[0], level[0]] : level));
  const pyramid = makeNode('SpatialPyramidPool', [at], [VECTOR], {
    domain: DOMAIN,
    name: VECTOR,
    attributes: [
      makeAttribute('levels', pairs.flat()),
      makeAttribute('reduction', request.reduction),
      makeAttribute('pairs', 1),
      makeAttribute('output_order', request.outputOrder),
    ],
  });
  const known = describeValues(graph).get(at);
  const vector = makeValue(VECTOR, known && readValueInfo(known).elementType, undefined);
  const nodes = [...graph.nodes, pyramid];
  return { ...model, graph: { ...graph, nodes, outputs: [vector] } };
}

function onlyOutput({ outputs }: Graph): string {
  const [output, another] = outputs;
  if (output && !another) return output.name;
  throw new PyramidPoolError(
    'invalid-options',
    `options.pyramid.at is missing, and the model has ${outputs.length} outputs (${outputs.map(({ name }) => name).join(', ')}): name the value to pool`,
  );
}

/** Makes these values the outputs of a model. */
export function chooseOutputs(model: Model, names: readonly string[], path: string): Model {
  const { graph } = model;
  const described = describeValues(graph);
  const outputs = names.map((name, i) => {
    checkValue(graph, name, `${path}[${i}]`);
    return described.get(name) ?? makeValue(name, undefined, undefined);
  });
  return { ...model, graph: { ...graph, outputs } };
}

/** Fails where a graph has no such value, and names the nearest. */
function checkValue(graph: Graph, name: string, path: string): void {
  const names = valuesOf(graph);
  if (names.has(name)) return;
  const near = nearest(name, names);
  throw new PyramidPoolError(
    'unknown-value',
    `${path} is '${name}', but the model has no such value${near.length > 0 ? `; near ones are ${near.map((it) => `'${it}'`).join(', ')}` : ''}`,
  );
}

/** Names of the values that a graph makes or is given. */
export function valuesOf({ inputs, nodes }: Graph): Set<string> {
  const names = [...inputs.map(({ name }) => name), ...nodes.flatMap(({ outputs }) => outputs)];
  return new Set(names.filter((name) => name !== ''));
}
