/** Tells in words what is in a model. */
import { cutGraph } from './cut.js';
import type { Pool } from './domain.js';
import { type Graph, type Model, standardOpset } from './model.js';
import { checkPyramid, type PyramidOption } from './options.js';
import { nestedNodes } from './parts.js';
import { preparedPool } from './pools.js';
import { addPyramid, preparePools, valuesOf } from './prepare.js';
import { readModel } from './read.js';
import { externalFiles } from './tensor-proto.js';
import { describeValues, readValueInfo, typeName } from './value-info.js';

export interface DescribeOptions {
  readonly pyramid: PyramidOption | undefined;
  /** Whether all values are listed. */
  readonly lists: boolean;
}

/** What is in a model, in lines for a terminal. */
export function describeModel(bytes: Uint8Array, { pyramid, lists }: DescribeOptions): string {
  const prepared = preparePools(readModel(bytes));
  const request = checkPyramid(pyramid);
  const model = request ? addPyramid(prepared, request) : prepared;
  const { graph } = model;
  const stored = new Set(graph.initializers.map(({ name }) => name));
  const inputs = graph.inputs.map(({ name }) => name).filter((name) => !stored.has(name));
  const value = (name: string) => describeValue(name, graph);
  return [
    `Opset ${standardOpset(model) ?? 'unknown'}, ${graph.nodes.length} nodes`,
    ...section('Inputs', inputs.map(value)),
    ...section(
      'Outputs',
      graph.outputs.map(({ name }) => value(name)),
    ),
    ...describePools(model),
    ...section('Weights beside the file', [...externalFiles(model)]),
    ...(lists ? section('Values', [...valuesOf(graph)].map(value)) : []),
  ].join('\n');
}

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];

function describeValue(name: string, graph: Graph): string {
  const described = describeValues(graph).get(name);
  const { elementType, dims } = described
    ? readValueInfo(described)
    : { elementType: undefined, dims: undefined };
  const type = elementType === undefined ? '' : ` ${typeName(elementType)}`;
  return `${name}${type}${dims ? ` [${dims.join(', ')}]` : ''}`;
}

function describePools({ graph }: Model): string[] {
  const cut = cutGraph(graph, preparedPool);
  const nested = [...nestedNodes(graph.nodes)].flatMap(({ node, inside }) => {
    const pool = preparedPool(node);
    return pool ? [`${describePool(pool)}, inside ${inside.operator}: by its body`] : [];
  });
  if ('why' in cut) return [`The pools cannot be run by kernels: ${cut.why}.`];
  const pyramids = cut.stages.flatMap((stage) => stage.pyramids);
  const lines = pyramids.flatMap(({ pools }, i) =>
    pools.map((pool) => `${describePool(pool)}: pyramid ${i + 1}`),
  );
  return lines.length + nested.length === 0
    ? ['No adaptive pools.']
    : section('Pools', [...lines, ...nested]);
}

function describePool({ operator, reduction, levels, outputOrder, input, output }: Pool): string {
  const sizes = levels.map((level) => level.join(' x ')).join(', ');
  const order = outputOrder === 'channels' ? ', by channel' : '';
  return `${operator} (${reduction}${order}) of ${input} to ${sizes} -> ${output}`;
}
