/** Gives the operators of a prepared model their bodies. */
import { type AdaptiveOperator, adaptiveOperator, DOMAIN, type Pool, VERSION } from './domain.js';
import { inlineFunctions } from './inline.js';
import { type Model, type Node, standardOpset, walkNodes } from './model.js';
import {
  adaptiveFunction,
  type BodyTarget,
  checkOpset,
  FLOAT,
  FLOAT16,
  pyramidFunction,
} from './operators.js';
import { preparedPool } from './pools.js';
import { rewriteModel } from './rewrite.js';
import { tensorType } from './tensor-proto.js';
import { readValueInfo } from './value-info.js';

/** Functions came with the first of these versions of the format, several of one name with the second. */
const FUNCTIONS_IR = 8;
const OVERLOADS_IR = 10;

/** Adds the bodies as functions. A model without pools stays as it is; `whole` is the model that it is a part of. */
export function addBodies(model: Model, whole = model): Model {
  const pools = [...walkNodes(model.graph.nodes)].flatMap((node) => preparedPool(node) ?? []);
  if (pools.length === 0) return model;
  const target: BodyTarget = { opset: checkOpset(standardOpset(model)), elementType: elementTypeOf(whole) };
  const pyramids = nameOverloads(pools);
  const adaptive = new Set<AdaptiveOperator>(pools.map(({ reduction }) => adaptiveOperator(reduction)));
  const withOverloads = rewriteModel(model, (node) => [withOverload(node, pyramids)]);
  return {
    ...withOverloads,
    irVersion: Math.max(model.irVersion, pyramids.size > 1 ? OVERLOADS_IR : FUNCTIONS_IR),
    opsets: [...model.opsets.filter(({ domain }) => domain !== DOMAIN), { domain: DOMAIN, version: VERSION }],
    functions: [
      ...model.functions,
      ...[...adaptive].map((name) => adaptiveFunction(name, target)),
      ...[...pyramids.values()].map(({ pool, overload }) => pyramidFunction(pool, overload, target)),
    ],
  };
}

/** Puts the bodies in the place of the operators. */
export function inlineBodies(model: Model): Model {
  const inlined = inlineFunctions(addBodies(model), ({ domain }) => domain === DOMAIN);
  return { ...inlined, opsets: inlined.opsets.filter(({ domain }) => domain !== DOMAIN) };
}

/** A function's body is for one list of levels and one order: where a model has pyramids of several, they become overloads. */
function nameOverloads(pools: readonly Pool[]): Map<string, { pool: Pool; overload: string }> {
  const named = new Map<string, { pool: Pool; overload: string }>();
  for (const pool of pools) {
    if (pool.operator !== 'SpatialPyramidPool' || named.has(pyramidKey(pool))) continue;
    named.set(pyramidKey(pool), { pool, overload: named.size === 0 ? '' : String(named.size) });
  }
  return named;
}

const pyramidKey = ({ levels, reduction, outputOrder }: Pool) =>
  `${reduction} ${outputOrder} ${JSON.stringify(levels)}`;

function withOverload(node: Node, pyramids: ReadonlyMap<string, { overload: string }>): Node {
  const pool = preparedPool(node);
  const overload = pool ? (pyramids.get(pyramidKey(pool))?.overload ?? '') : '';
  return pool && node.overload !== overload ? { ...node, overload } : node;
}

/** Half floats where the model has any: asked for only where there is no `CastLike`. */
function elementTypeOf({ graph }: Model): number {
  const hasHalves =
    graph.initializers.some((it) => tensorType(it) === FLOAT16) ||
    graph.inputs.some((it) => readValueInfo(it).elementType === FLOAT16);
  return hasHalves ? FLOAT16 : FLOAT;
}
