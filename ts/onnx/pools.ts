/** Finds the nodes that pool: operators of `pyramid_pool`, and what PyTorch's legacy exporter left of its own. */
import { type OutputOrder, outputOrders } from '../arguments/feature-map.js';
import { PyramidPoolError } from '../core/errors.js';
import type { Reduction } from '../pools/options.js';
import { adaptiveOperator, DOMAIN, type Pool, type PoolLevel, VERSION } from './domain.js';
import { intsOf, type Node, type Opset, textOf } from './model.js';
import { makeAttribute, makeNode } from './write.js';

/** What a value is, if it is a list of whole numbers that is written in the file. */
export type Constants = (name: string) => readonly number[] | undefined;

const operators = ['AdaptiveMaxPool', 'AdaptiveAveragePool', 'SpatialPyramidPool'] as const;

/** A node of PyTorch's own that pools, as one of `pyramid_pool`; other nodes as they are. */
export function asOwnOperator(node: Node, constants: Constants): Node {
  const aten = atenOperator(node);
  return (aten !== undefined && atenPool(node, aten, constants)) || node;
}

/** The pool that a node is, in a model that was prepared: there all of them are of the domain. */
export function preparedPool(node: Node): Pool | undefined {
  return node.domain === DOMAIN ? ownPool(node) : undefined;
}

/** Fails where a model uses another version of the domain. */
export function checkVersion(opsets: readonly Opset[]): void {
  const other = opsets.find(({ domain, version }) => domain === DOMAIN && version !== VERSION);
  if (!other) return;
  throw new PyramidPoolError(
    'unsupported-model',
    `the model uses version ${other.version} of the operators of ${DOMAIN}, but this package knows version ${VERSION}: a newer pyramid-pool may know it`,
  );
}

function ownPool(node: Node): Pool {
  const operator = operators.find((name) => name === node.operator);
  if (!operator) refuse(node, `there is no such operator in ${DOMAIN}; there are ${operators.join(', ')}`);
  const isPyramid = operator === 'SpatialPyramidPool';
  const reduction = isPyramid ? readReduction(node) : operator === 'AdaptiveMaxPool' ? 'max' : 'average';
  const levels = isPyramid ? readLevels(node) : [readLevel(intsOf(node, 'output_size'), node)];
  const outputOrder = isPyramid ? readOrder(node) : 'levels';
  const [input = ''] = node.inputs;
  const [output = ''] = node.outputs;
  if (input === '') refuse(node, 'it has no input');
  if (output === '') refuse(node, 'it has no output');
  return { operator, reduction, levels, outputOrder, input, output, node };
}

function readOrder(node: Node): OutputOrder {
  const order = textOf(node, 'output_order') ?? 'levels';
  const known = outputOrders.find((name) => name === order);
  return known ?? refuse(node, `output_order is '${order}', but must be 'levels' or 'channels'`);
}

function readReduction(node: Node): Reduction {
  const reduction = textOf(node, 'reduction') ?? 'max';
  if (reduction === 'max' || reduction === 'average') return reduction;
  refuse(node, `reduction is '${reduction}', but must be 'max' or 'average'`);
}

/** One or two numbers; a number is a count of bins, or -1. */
function readLevel(numbers: readonly number[] | undefined, node: Node): PoolLevel {
  const isLevel = numbers?.length === 1 || numbers?.length === 2;
  if (!isLevel || !numbers.every((n) => isCount(n) || n === -1)) {
    refuse(node, `output_size is [${numbers ?? ''}], but must be one or two whole numbers from 1 up, or -1`);
  }
  return numbers as unknown as PoolLevel;
}

/**
 * Levels are pairs in a row, or single numbers. An odd count is of single numbers. An even one is of pairs where a number
 * occurs twice, as nobody asks for a level twice; the attribute `pairs` says it where this is not so.
 */
function readLevels(node: Node): PoolLevel[] {
  const numbers = intsOf(node, 'levels') ?? [];
  if (numbers.length === 0 || !numbers.every(isCount)) {
    refuse(node, `levels is [${numbers}], but must be whole numbers from 1 up`);
  }
  const isEven = numbers.length % 2 === 0;
  const asked = intsOf(node, 'pairs')?.[0];
  const arePairs = asked === undefined ? isEven && new Set(numbers).size < numbers.length : asked !== 0;
  if (!arePairs) return numbers.map((n) => [n] as const);
  if (!isEven) refuse(node, `levels has ${numbers.length} numbers, which are no pairs`);
  return Array.from(
    { length: numbers.length / 2 },
    (_, i) => [numbers[2 * i]!, numbers[2 * i + 1]!] as const,
  );
}

const isCount = (n: number) => Number.isInteger(n) && n >= 1 && n < 2 ** 31;

/** PyTorch's name of the operator that the legacy exporter could not translate. */
function atenOperator({ domain, operator, ...node }: Node): string | undefined {
  if (domain === 'org.pytorch.aten' && operator === 'ATen')
    return textOf({ domain, operator, ...node }, 'operator');
  return domain === 'aten' || domain === 'org.pytorch.aten' ? operator : undefined;
}

function atenPool(node: Node, operator: string, constants: Constants): Node | undefined {
  const match = /^adaptive_(max|avg)_pool([123])d$/.exec(operator);
  if (!match) return undefined;
  if (match[2] === '3')
    refuse(node, 'pooling over 3 dimensions is not supported: pool plane and depth one after the other');
  const numbers = intsOf(node, 'output_size') ?? constants(node.inputs[1] ?? '');
  if (!numbers) refuse(node, 'its output size is not written in the file');
  const level = match[2] === '2' && numbers.length === 1 ? [numbers[0]!, numbers[0]!] : numbers;
  const reduction = match[1] === 'max' ? 'max' : 'average';
  return makeNode(adaptiveOperator(reduction), node.inputs.slice(0, 1), node.outputs.slice(0, 1), {
    domain: DOMAIN,
    name: node.name,
    attributes: [makeAttribute('output_size', level)],
  });
}

function refuse(node: Node, why: string): never {
  const name = node.name === '' ? '' : ` '${node.name}'`;
  throw new PyramidPoolError(
    'unsupported-model',
    `the model's node${name} of ${node.domain}.${node.operator}: ${why}`,
  );
}
