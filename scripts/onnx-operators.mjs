import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cli } from './cli.mjs';
import { inProject } from './project.mjs';
import { step } from './step.mjs';

const help = `
Usage: node scripts/onnx-operators.mjs

Writes the bodies of the ONNX operators: ts/onnx/operators.json, and the same text into ts/onnx/pyramid_pool_onnx.py.`;

/** ONNX's number for 32-bit floats. */
const FLOAT = 1;

/**
 * A body is a list of nodes of ONNX's standard operators, from opset 13 up: [operator, inputs, outputs, attributes, opsets]. A string
 * attribute that begins with \`@\` stands for an attribute of the operator, or, as \`@type\`, for the element type of X. The last
 * entry is there where an operator differs between opsets: the first and the last opset that the node is for.
 */
const node = (op, inputs, outputs, attributes = {}, opsets = undefined) => [
  op,
  inputs,
  outputs,
  ...(opsets || Object.keys(attributes).length > 0 ? [attributes] : []),
  ...(opsets ? [opsets] : []),
];

const number = (name, value) => node('Constant', '', name, { value_int: value });
const list = (name, value, opsets) => node('Constant', '', name, { value_ints: value }, opsets);

/**
 * Works out how many bins there are along each axis. One number for a map of rank 3 is for its last axis, and the axis before it
 * keeps its size. So does an axis whose number is -1.
 */
const counts = [
  node('Shape', 'X', 'shape'),
  list('given', '@output_size'),
  number('zero', 0),
  number('one', 1),
  number('last', -1),
  number('last_but_one', -2),
  list('column', [1]),
  node('Gather', 'shape last', 'width'),
  node('Gather', 'shape last_but_one', 'height'),
  node('Size', 'shape', 'rank'),
  node('Size', 'given', 'numbers'),
  node('Add', 'rank numbers', 'sum'),
  number('five', 5),
  node('Less', 'sum five', 'is_line'),
  node('Gather', 'given last', 'given_columns'),
  node('Gather', 'given zero', 'given_rows'),
  node('Less', 'given_columns one', 'keeps_columns'),
  node('Less', 'given_rows one', 'keeps_rows'),
  node('Or', 'is_line keeps_rows', 'keeps_height'),
  node('Where', 'keeps_columns width given_columns', 'columns'),
  node('Where', 'keeps_height height given_rows', 'rows'),
];

/** Pools one axis: bin i reads from floor(i * size / n) up to ceil((i + 1) * size / n). */
function poolAxis({ axis, n, size, input, output, reduction }) {
  const names = 'i next scaled begin scaled_end ends end length longest step first limit places at cells';
  const it = Object.fromEntries(names.split(' ').map((name) => [name, `${n}_${name}`]));
  return [
    node('Range', `zero ${n} one`, it.i),
    node('Mul', `${it.i} ${size}`, it.scaled),
    node('Div', `${it.scaled} ${n}`, it.begin),
    node('Add', `${it.i} one`, it.next),
    node('Mul', `${it.next} ${size}`, it.scaled_end),
    node('Add', `${it.scaled_end} ${n}`, `${it.ends}_up`),
    node('Sub', `${it.ends}_up one`, it.ends),
    node('Div', `${it.ends} ${n}`, it.end),
    node('Sub', `${it.end} ${it.begin}`, it.length),
    node('ReduceMax', it.length, it.longest, { keepdims: 0 }),
    node('Range', `zero ${it.longest} one`, it.step),
    node('Unsqueeze', `${it.begin} column`, it.first),
    node('Sub', `${it.end} one`, `${it.limit}_row`),
    node('Unsqueeze', `${it.limit}_row column`, it.limit),
    node('Add', `${it.first} ${it.step}`, it.places),
    // Bins are of different lengths: the shorter ones read their last cell again.
    node('Min', `${it.places} ${it.limit}`, it.at),
    node('Gather', `${input} ${it.at}`, it.cells, { axis }),
    ...(reduction === 'max' ? greatest(it, n, axis, output) : average(it, n, axis, output)),
  ];
}

const greatest = (it, n, axis, output) => [
  node('ReduceMax', it.cells, output, { axes: [axis], keepdims: 0 }, [13, 17]),
  list(`${n}_axis`, [axis], [18, 999]),
  node('ReduceMax', `${it.cells} ${n}_axis`, output, { keepdims: 0 }, [18, 999]),
];

/** What is read again does not count. */
const average = (it, n, axis, output) => [
  node('Unsqueeze', `${it.length} column`, `${n}_lengths`),
  node('Less', `${it.step} ${n}_lengths`, `${n}_counts`),
  ...(axis === -2 ? [list('plane', [2]), node('Unsqueeze', `${n}_counts plane`, `${n}_mask`)] : []),
  node('Where', `${axis === -2 ? `${n}_mask` : `${n}_counts`} ${it.cells} none`, `${n}_used`),
  list(`${n}_axis`, [axis]),
  node('ReduceSum', `${n}_used ${n}_axis`, `${n}_total`, { keepdims: 0 }),
  node('Cast', axis === -2 ? `${n}_lengths` : it.length, `${n}_divisor`, { to: FLOAT }),
  node('Div', `${n}_total ${n}_divisor`, output),
];

/** Rows first: they lie together, and few are left for the columns. */
const pool = (reduction, input, output) => [
  ...poolAxis({ axis: -2, n: 'rows', size: 'height', input, output: 'strips', reduction }),
  ...poolAxis({ axis: -1, n: 'columns', size: 'width', input: 'strips', output, reduction }),
];

const adaptive = (nodes) => ({ inputs: ['X'], outputs: ['Y'], attributes: ['output_size'], nodes });

const operators = {
  AdaptiveMaxPool: adaptive([...counts, ...pool('max', 'X', 'Y')]),
  AdaptiveAveragePool: adaptive([
    ...counts,
    // Sums are made and divided in 32 bits, and rounded once.
    node('Constant', '', 'none', { value_float: 0 }),
    node('Cast', 'X', 'X_float', { to: FLOAT }),
    ...pool('average', 'X_float', 'Y_float'),
    node('Cast', 'Y_float', 'Y', { to: '@type' }, [13, 14]),
    node('CastLike', 'Y_float X', 'Y', {}, [15, 999]),
  ]),
};

/** The text of operators.json: a line for each node. */
export function operatorsText() {
  const lines = ({ nodes }) => nodes.map((node) => `    ${JSON.stringify(node)}`).join(',\n');
  const texts = Object.entries(operators).map(([name, { nodes, ...rest }]) => {
    const start = JSON.stringify({ [name]: rest }).slice(1, -2);
    return `  ${start},"nodes":[\n${lines({ nodes })}\n  ]}`;
  });
  return `{"domain":"pyramid_pool","version":1,"operators":{\n${texts.join(',\n')}\n}}\n`;
}

/** The text of a Python file with its marked block replaced by the bodies. */
export function withOperators(python) {
  const block = /(OPERATORS = json\.loads\(\n {4}r""")[^"]*(?:"(?!"")[^"]*)*(""")/;
  return python.replace(block, (_, start, end) => `${start}\n${operatorsText()}${end}`);
}

export const jsonFile = inProject('ts', 'onnx', 'operators.json');
export const pythonFile = inProject('ts', 'onnx', 'pyramid_pool_onnx.py');

await cli(import.meta, help, () =>
  step('bodies of the ONNX operators', () => {
    writeFileSync(jsonFile, operatorsText());
    if (existsSync(pythonFile)) writeFileSync(pythonFile, withOperators(readFileSync(pythonFile, 'utf8')));
    return 'ts/onnx/operators.json and ts/onnx/pyramid_pool_onnx.py written';
  }),
);
