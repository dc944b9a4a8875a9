/** The pyramid as onnxruntime-web can have it: plain max pooling where that has the bins, else a slice for each bin. */
import type { onnx } from 'onnx-proto';
import type { Engine } from '../../../../test/bench/core/index.js';
import { encodeModel, int, ints, longs, node, valueInfo } from '../../../onnx/graph.js';
import { loadOrt, type OnLoading } from '../../net/ort.js';
import { adaptiveAxis } from './windows.js';

export function ortEngine(onLoading: OnLoading): Engine {
  return {
    name: 'ort-web',
    kind: 'peer',
    about: 'onnxruntime-web, one thread',
    async prepare({ case: c, operation, maps }) {
      if (operation !== 'forward') return undefined;
      const ort = await loadOrt(onLoading);
      const session = await ort.InferenceSession.create(pyramidModel(c.dims, c.levels));
      const inputs = maps.map((map) => ({ map: new ort.Tensor('float32', map, [...c.dims]) }));
      let latest = new Float32Array();
      return {
        async run(turn) {
          const { vector } = await session.run(inputs[turn % inputs.length]);
          latest = vector.data as Float32Array<ArrayBuffer>;
        },
        answer: () => [latest],
        dispose: () => void session.release(),
      };
    },
  };
}

function pyramidModel(
  dims: readonly [batch: number, channels: number, height: number, width: number],
  levels: readonly number[],
): Uint8Array {
  const nodes: onnx.INodeProto[] = [];
  const constants: onnx.ITensorProto[] = [longs('flat', [dims[0], -1])];
  const vectors = levels.map((n, level) => {
    const pooled = poolLevel(n, level, dims, nodes, constants);
    nodes.push(node('Reshape', [pooled, 'flat'], `vector${level}`));
    return `vector${level}`;
  });
  nodes.push(node('Concat', vectors, 'vector', [int('axis', 1)]));
  const length = dims[1] * levels.reduce((sum, n) => sum + n * n, 0);
  return encodeModel({
    name: 'pyramid',
    input: [valueInfo('map', dims)],
    output: [valueInfo('vector', [dims[0], length])],
    initializer: constants,
    node: nodes,
  });
}

/** Adds the nodes of one level; gives the name of what holds its bins, channel by channel. */
function poolLevel(
  n: number,
  level: number,
  [, , height, width]: readonly number[],
  nodes: onnx.INodeProto[],
  constants: onnx.ITensorProto[],
): string {
  const [rows, columns] = [adaptiveAxis(height, n), adaptiveAxis(width, n)];
  const pooled = `pooled${level}`;
  if (rows.pooling && columns.pooling) {
    const kernel = ints('kernel_shape', [rows.pooling.kernel, columns.pooling.kernel]);
    const strides = ints('strides', [rows.pooling.stride, columns.pooling.stride]);
    nodes.push(node('MaxPool', ['map'], pooled, [kernel, strides]));
    return pooled;
  }
  if (constants.every(({ name }) => name !== 'axes')) constants.push(longs('axes', [2, 3]));
  const bins = rows.bins.flatMap(([top, bottom], i) =>
    columns.bins.map(([left, right], j) => {
      const name = `bin${level}.${i}.${j}`;
      constants.push(longs(`${name}.from`, [top, left]), longs(`${name}.to`, [bottom, right]));
      nodes.push(node('Slice', ['map', `${name}.from`, `${name}.to`, 'axes'], `${name}.cells`));
      nodes.push(node('ReduceMax', [`${name}.cells`], name, [ints('axes', [2, 3])]));
      return name;
    }),
  );
  nodes.push(node('Concat', bins, pooled, [int('axis', 3)]));
  return pooled;
}
