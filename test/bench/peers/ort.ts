import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import proto, { type onnx } from 'onnx-proto';
import * as ort from 'onnxruntime-web';
import type { Case } from '../core/case.js';
import type { Engine, PreparedEngine } from '../core/index.js';
import { PIXELS } from '../core/regions.js';
import type { Workload } from '../core/workload.js';
import { bins, slides } from './windows.js';

const require = createRequire(import.meta.url);

type How = 'maxpool' | 'slices' | 'roialign';

const abouts: Record<How, string> = {
  maxpool: 'ONNX Runtime Web, MaxPool where its windows are the bins (regions: MaxRoiPool)',
  slices: 'ONNX Runtime Web, Slice and ReduceMax for each bin',
  roialign: 'ONNX Runtime Web, RoiAlign',
};

/** ONNX Runtime Web on one thread, with graphs that are made for the case. */
export function ortEngines(): Engine[] {
  return (Object.keys(abouts) as How[]).map(ortEngine);
}

function ortEngine(how: How): Engine {
  return {
    name: `ort-web-${how}`,
    kind: 'peer',
    about: abouts[how],
    // Samples are summed in an order of its own.
    ...(how === 'roialign' && { tolerance: 1e-5 }),
    async prepare(workload) {
      const graph = workload.operation === 'forward' ? graphOf(workload.case, how) : undefined;
      return graph && session(graph, workload);
    },
  };
}

async function session(
  graph: onnx.IGraphProto,
  { maps, regions, case: c }: Workload,
): Promise<PreparedEngine> {
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
    return { x: new ort.Tensor('float32', map, [...c.dims]), ...(regions[i] && feedsOf(c, regions[i])) };
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

/** Regions as the operator takes them: five numbers each, or corners and items apart. */
function feedsOf({ samplingRatio }: Case, regions: Float32Array): Record<string, ort.Tensor> {
  const count = regions.length / 5;
  if (!samplingRatio) return { rois: new ort.Tensor('float32', regions, [count, 5]) };
  const items = BigInt64Array.from({ length: count }, (_, i) => BigInt(regions[5 * i]!));
  const corners = regions.filter((_, i) => i % 5 !== 0);
  return {
    rois: new ort.Tensor('float32', corners, [count, 4]),
    items: new ort.Tensor('int64', items, [count]),
  };
}

function graphOf(c: Case, how: How): onnx.IGraphProto | undefined {
  if ((how === 'roialign') !== (c.samplingRatio !== undefined)) return undefined;
  if (how === 'maxpool' && !c.regions && !slides(c)) return undefined;
  if (how === 'slices' && c.regions) return undefined;
  const graph = new Graph();
  const levels = c.levels.map((n) => {
    if (c.samplingRatio) {
      const attribute = [
        int('output_height', n),
        int('output_width', n),
        int('sampling_ratio', c.samplingRatio),
        float('spatial_scale', 1 / PIXELS),
      ];
      return graph.node('RoiAlign', ['x', 'rois', 'items'], attribute);
    }
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
    input: [value('x', c.dims), ...(c.regions ? regionInputs(c, c.regions) : [])],
    output: [value('y', [rows, c.dims[1] * c.levels.reduce((sum, n) => sum + n * n, 0)])],
  };
}

function regionInputs({ samplingRatio }: Case, count: number): onnx.IValueInfoProto[] {
  if (!samplingRatio) return [value('rois', [count, 5])];
  return [value('rois', [count, 4]), value('items', [count], proto.onnx.TensorProto.DataType.INT64)];
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
const value = (
  name: string,
  dims: readonly number[],
  elemType = proto.onnx.TensorProto.DataType.FLOAT,
): onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: { dim: dims.map((dimValue) => ({ dimValue })) },
    },
  },
});
