/** Decides how a model is run: which pools by kernels, and in which stages. */

import { cutGraph, type Stage } from './cut.js';
import type { Pool } from './domain.js';
import type { Model } from './model.js';
import type { CheckedModelOptions } from './options.js';
import { otherProvider } from './ort.js';
import { nestedNodes } from './parts.js';
import { preparedPool } from './pools.js';
import { addPyramid, chooseOutputs, preparePools, VECTOR, valuesOf } from './prepare.js';
import { readModel } from './read.js';
import { describeValues, readValueInfo, typeName } from './value-info.js';

/** How a pool of a model is run. */
export interface PoolInfo {
  readonly operator: Pool['operator'];
  readonly reduction: Pool['reduction'];
  /** Its grids of bins: `[n]` for `n` by `n`, or `n` along the one axis of a map of rank 3; `[rows, columns]`. */
  readonly levels: Pool['levels'];
  /** How the rows of a pyramid are ordered: level after level, or channel after channel. */
  readonly outputOrder: Pool['outputOrder'];
  /** The value that it pools, and the one it makes. */
  readonly input: string;
  readonly output: string;
  /** Name of its node; of a node inside a loop or a branch, with that of the node around it. */
  readonly node: string;
  readonly runs: 'kernels' | 'bodies';
  /** Why it is not run by kernels. */
  readonly why: string | undefined;
  /** Pools of the same number are one pyramid: they read their map once. */
  readonly pyramid: number | undefined;
}

/** A value of a model's graph, with what its file says of it. */
export interface ModelValue {
  readonly name: string;
  /** Type of its elements, as ONNX Runtime names it; undefined where the file does not say. */
  readonly type: string | undefined;
  /** Sizes, or their names; undefined where the file does not say. */
  readonly dims: readonly (number | string)[] | undefined;
}

export interface Plan {
  readonly model: Model;
  readonly values: readonly ModelValue[];
  readonly stages: readonly Stage[];
  readonly pools: readonly PoolInfo[];
}

/** Reads a model, and plans how it is run. */
export function planModel(bytes: Uint8Array, options: CheckedModelOptions): Plan {
  const model = asAsked(preparePools(withConstants(readModel(bytes))), options);
  const why = whyBodies(options);
  const cut = cutGraph(model.graph, why === undefined ? preparedPool : () => undefined);
  const values = listValues(model);
  if ('why' in cut) return { model, values, ...planBodies(model, cut.why) };
  return { model, values, stages: cut.stages, pools: describePools(cut.stages, why) };
}

function listValues({ graph }: Model): ModelValue[] {
  const described = describeValues(graph);
  return [...valuesOf(graph)].map((name) => {
    const value = described.get(name);
    const { elementType, dims } = value ? readValueInfo(value) : { elementType: undefined, dims: undefined };
    return { name, type: elementType === undefined ? undefined : typeName(elementType), dims };
  });
}

function planBodies(model: Model, why: string): Pick<Plan, 'stages' | 'pools'> {
  const cut = cutGraph(model.graph, () => undefined);
  const stages = 'stages' in cut ? cut.stages : [];
  return { stages, pools: describePools(stages, why) };
}

/** Weights of old files stand among the inputs too. Versions from 4 up take them for constants where they do not. */
function withConstants(model: Model): Model {
  if (model.irVersion >= 4) return model;
  const stored = new Set(model.graph.initializers.map(({ name }) => name));
  const inputs = model.graph.inputs.filter(({ name }) => !stored.has(name));
  return { ...model, irVersion: 4, graph: { ...model.graph, inputs } };
}

function asAsked(
  model: Model,
  { pyramid, outputs }: Pick<CheckedModelOptions, 'pyramid' | 'outputs'>,
): Model {
  const pooled = pyramid ? addPyramid(model, pyramid) : model;
  if (!outputs) return pooled;
  const names = pyramid && !outputs.includes(VECTOR) ? [VECTOR, ...outputs] : outputs;
  return chooseOutputs(pooled, names, 'options.outputs');
}

/** Why kernels do not pool, or undefined if they do. */
function whyBodies({ pooling, session }: CheckedModelOptions): string | undefined {
  if (pooling === 'bodies') return "options.pooling is 'bodies'";
  const other = otherProvider(session);
  if (pooling === 'kernels' || other === undefined) return undefined;
  return `the session runs on ${other}: its maps would have to be fetched from there`;
}

function describePools(stages: readonly Stage[], why: string | undefined): PoolInfo[] {
  const pyramids = stages.flatMap((stage) => stage.pyramids);
  const byKernels = pyramids.flatMap(({ pools }, i) =>
    pools.map((pool) => describe(pool, pool.node.name, undefined, i)),
  );
  const nodes = stages.flatMap(({ part }) => part?.nodes ?? []);
  const whole = nodes.flatMap((node) => {
    const pool = preparedPool(node);
    return pool ? [describe(pool, node.name, why ?? 'it pools what the file holds, not an input')] : [];
  });
  const nested = [...nestedNodes(nodes)].flatMap(({ node, inside }) => {
    const pool = preparedPool(node);
    const name = `${inside.name || inside.operator} / ${node.name}`;
    return pool ? [describe(pool, name, `it is inside a graph of a node (${inside.operator})`)] : [];
  });
  return [...byKernels, ...whole, ...nested];
}

function describe(pool: Pool, node: string, why: string | undefined, pyramid?: number): PoolInfo {
  const { operator, reduction, levels, outputOrder, input, output } = pool;
  const runs = pyramid === undefined ? 'bodies' : 'kernels';
  return Object.freeze({ operator, reduction, levels, outputOrder, input, output, node, runs, why, pyramid });
}
