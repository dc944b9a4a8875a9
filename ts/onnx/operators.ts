/** The operators of the domain `pyramid_pool`, and their bodies as functions of standard operators. */
import { PyramidPoolError } from '../core/errors.js';
import {
  type AdaptiveOperator,
  adaptiveOperator,
  DOMAIN,
  type Pool,
  type PoolLevel,
  VERSION,
} from './domain.js';
import type { ModelFunction, Node } from './model.js';
import definitions from './operators.json' with { type: 'json' };
import { type AttributeValue, makeAttribute, makeNode, makeReference } from './write.js';

/** The first version of ONNX's operators that the bodies are written for. */
export const OLDEST_OPSET = 13;

/** ONNX's numbers for element types. */
export const FLOAT = 1;
export const FLOAT16 = 10;

/** A node of operators.json: operator, inputs, outputs, attributes, and the opsets that it is for. */
type BodyNode = [string, string, string, Record<string, AttributeValue>?, [first: number, last: number]?];

/** What bodies depend on beside the operator. */
export interface BodyTarget {
  /** Version of the standard operators. */
  readonly opset: number;
  /** Element type of the maps: needed up to opset 14, which has no `CastLike`. */
  readonly elementType: number;
}

/** Fails where a model's operators are too old for the bodies. */
export function checkOpset(opset: number | undefined): number {
  if (opset !== undefined && opset >= OLDEST_OPSET) return opset;
  throw new PyramidPoolError(
    'unsupported-model',
    `the model uses opset ${opset ?? 'none'} of ONNX, but the bodies of ${DOMAIN} operators need ${OLDEST_OPSET} or later: export it again, or convert it`,
  );
}

/** The function that an adaptive operator stands for, with its attribute left open. */
export function adaptiveFunction(name: AdaptiveOperator, target: BodyTarget): ModelFunction {
  const { inputs, outputs, attributes, nodes } = definitions.operators[name];
  return {
    domain: DOMAIN,
    name,
    overload: '',
    inputs,
    outputs,
    attributes,
    defaults: [],
    nodes: (nodes as BodyNode[])
      .filter(([, , , , [first, last] = [0, target.opset]]) => first <= target.opset && target.opset <= last)
      .map((node) => bodyNode(node, target)),
    opsets: [{ domain: '', version: target.opset }],
    rest: [],
  };
}

function bodyNode([operator, inputs, outputs, attributes = {}]: BodyNode, { elementType }: BodyTarget): Node {
  const made = Object.entries(attributes).map(([name, value]) => {
    if (value === '@type') return makeAttribute(name, elementType);
    const isReference = typeof value === 'string' && value.startsWith('@');
    return isReference ? makeReference(name, value.slice(1)) : makeAttribute(name, value);
  });
  return makeNode(operator, words(inputs), words(outputs), { attributes: made });
}

const words = (text: string) => text.split(' ').filter((word) => word !== '');

/** The function that a `SpatialPyramidPool` stands for: made for its levels, of the adaptive operators. */
export function pyramidFunction(pool: Pool, overload: string, { opset }: BodyTarget): ModelFunction {
  const parts = pool.levels.map((_, i) => `part${i}`);
  const pooled = (level: PoolLevel, i: number) =>
    makeNode(adaptiveOperator(pool.reduction), ['X'], [`pooled${i}`], {
      domain: DOMAIN,
      attributes: [makeAttribute('output_size', level)],
    });
  const nodes =
    pool.outputOrder === 'levels'
      ? [
          ...pool.levels.flatMap((level, i) => [
            pooled(level, i),
            makeNode('Flatten', [`pooled${i}`], [parts[i]!], { attributes: [makeAttribute('axis', 1)] }),
          ]),
          makeNode('Concat', parts, ['Y'], { attributes: [makeAttribute('axis', 1)] }),
        ]
      : [
          // [N, C, rows * columns]: the first two sizes stay.
          makeNode('Constant', [], ['shape'], { attributes: [makeAttribute('value_ints', [0, 0, -1])] }),
          ...pool.levels.flatMap((level, i) => [
            pooled(level, i),
            makeNode('Reshape', [`pooled${i}`, 'shape'], [parts[i]!]),
          ]),
          makeNode('Concat', parts, ['joined'], { attributes: [makeAttribute('axis', 2)] }),
          makeNode('Flatten', ['joined'], ['Y'], { attributes: [makeAttribute('axis', 1)] }),
        ];
  return {
    domain: DOMAIN,
    name: 'SpatialPyramidPool',
    overload,
    inputs: ['X'],
    outputs: ['Y'],
    attributes: ['levels', 'reduction', 'pairs', 'output_order'],
    defaults: [],
    nodes,
    opsets: [
      { domain: '', version: opset },
      { domain: DOMAIN, version: VERSION },
    ],
    rest: [],
  };
}
