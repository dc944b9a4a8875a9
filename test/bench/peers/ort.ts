import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import proto, { type onnx } from 'onnx-proto';
import * as ort from 'onnxruntime-web';
import type { Case } from '../core/case.js';
import type { Engine, Subject } from '../core/index.js';
import { PIXELS } from '../core/regions.js';
import type { Work } from '../core/work.js';
import { bins, slides } from './windows.js';

const require = createRequire(import.meta.url);

/** ONNX Runtime Web on one thread, with a graph that is made for the case. */
export function ortEngine(how: 'maxpool' | 'slices'): Engine {
  return {
    name: `ort-web-${how}`,
    kind: 'peer',
    about: {
      maxpool: 'ONNX Runtime Web, MaxPool where its windows are the bins (regions: MaxRoiPool)',
      slices: 'ONNX Runtime Web, Slice and ReduceMax for each bin',
    }[how],
    async prepare(work) {
      const graph = work.operation === 'forward' ? graphOf(work.case, how) : undefined;
      return graph && session(graph, work);
    },
  };
}

async function session(graph: onnx.IGraphProto, { maps, regions, case: c }: Work): Promise<Subject> {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = dirname(require.resolve('onnxruntime-web')) + sep;
  const model = proto.onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: { ...graph, name: 'pyramid' },
  }).finish();
  const made = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  const feeds = maps.map((map, i) => {
    const rois = regions[i] && { rois: new ort.Tensor('float32', regions[i], [regions[i].length / 5, 5]) };
    return { x: new ort.Tensor('float32', map, [...c.dims]), ...rois };
  });
  let output: Float32Array = new Float32Array();
  return {
    async run(turn) {
      const results = await made.run(feeds[turn % feeds.length]!);
      output = results.y!.data as Float32Array;
    },
    answer: () => [output],
    dispose: () => void made.release(),
  };
}

function graphOf(c: Case, how: 'maxpool' | 'slices'): onnx.IGraphProto | undefined {
  if (how === 'maxpool' && !c.regions && !slides(c)) return undefined;
  if (how === 'slices' && c.regions) return undefined;
  const graph = new Graph();
  const levels = c.levels.map((n) => {
    if (c.regions) {
      const attribute = [ints('pooled_shape', [n, n]), float('spatial_scale', 1 / PIXELS)];
      return graph.node('MaxRoiPool', ['x', 'rois'], attribute);
    }
    return how === 'maxpool' ? slidingLevel(graph, c, n) : slicedLevel(graph, c, n);
  });
  const flat = levels.map((level) => graph.node('Flatten', [level], [int('axis', 1)]));
  graph.node('Concat', flat, [int('axis', 1)], 'y');
  const rows = c.regions ?? c.dims[0];
  return {
    node: graph.nodes,
    initializer: graph.constants,
    input: [value('x', c.dims), ...(c.regions ? [value('rois', [c.regions, 5])] : [])],
    output: [value('y', [rows, c.dims[1] * c.levels.reduce((sum, n) => sum + n * n, 0)])],
  };
}

function slidingLevel(graph: Graph, { dims: [, , height, width] }: Case, n: number): string {
  const both = (f: (size: number) => number) => [f(height / n), f(width / n)];
  return graph.node(
    'MaxPool',
    ['x'],
    [ints('kernel_shape', both(Math.ceil)), ints('strides', both(Math.floor))],
  );
}

function slicedLevel(graph: Graph, { dims: [, , height, width] }: Case, n: number): string {
  const axes = graph.constant([2, 3]);
  const maxima = bins(height, n).flatMap(([top, bottom]) =>
    bins(width, n).map(([left, right]) => {
      const bin = graph.node('Slice', [
        'x',
        graph.constant([top, left]),
        graph.constant([bottom, right]),
        axes,
      ]);
      return graph.node('ReduceMax', [bin], [ints('axes', [2, 3]), int('keepdims', 1)]);
    }),
  );
  return graph.node('Concat', maxima, [int('axis', 2)]);
}

class Graph {
  readonly nodes: onnx.INodeProto[] = [];
  readonly constants: onnx.ITensorProto[] = [];

  node(opType: string, input: string[], attribute: onnx.IAttributeProto[] = [], name?: string): string {
    const output = name ?? `n${this.nodes.length}`;
    this.nodes.push({ opType, input, output: [output], attribute, name: output });
    return output;
  }

  constant(values: number[]): string {
    const name = `c${this.constants.length}`;
    const { INT64 } = proto.onnx.TensorProto.DataType;
    this.constants.push({ name, dims: [values.length], dataType: INT64, int64Data: values });
    return name;
  }
}

const { AttributeType } = proto.onnx.AttributeProto;
const int = (name: string, i: number): onnx.IAttributeProto => ({ name, type: AttributeType.INT, i });
const float = (name: string, f: number): onnx.IAttributeProto => ({ name, type: AttributeType.FLOAT, f });
const ints = (name: string, ints: number[]): onnx.IAttributeProto => ({
  name,
  type: AttributeType.INTS,
  ints,
});
const value = (name: string, dims: readonly number[]): onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: proto.onnx.TensorProto.DataType.FLOAT,
      shape: { dim: dims.map((dimValue) => ({ dimValue })) },
    },
  },
});
