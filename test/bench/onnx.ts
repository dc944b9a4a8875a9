/** What pooling takes of a whole network in ONNX Runtime Web: by the kernels, and by the bodies of the operators. */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import * as ort from 'onnxruntime-web';
import { createModel, type OnnxModel } from 'pyramid-pool/onnx';
import { model, node, value, weights } from '../interop/onnx-graphs.js';
import { spreadOf } from './core/statistics.js';

const require = createRequire(import.meta.url);

/** Channels of the stages of ResNet-18, each of two blocks. */
const stages = [64, 128, 256, 512];

/** ResNet-18's convolutions with weights of no meaning, or its last map alone, under a pyramid and a fully connected layer. */
function network(levels: readonly number[], whole: boolean): Uint8Array {
  const nodes = whole ? backbone() : { nodes: [node('Relu', ['image'], ['map'])], initializers: [] };
  const pools = levels.flatMap((n) => [
    node('pyramid_pool::AdaptiveMaxPool', ['map'], [`pooled${n}`], { output_size: [n, n] }),
    node('Flatten', [`pooled${n}`], [`row${n}`]),
  ]);
  const bins = levels.reduce((sum, n) => sum + n * n, 0);
  return model({
    input: [value('image', ['n', whole ? 3 : 512, 'h', 'w'])],
    output: [value('scores', undefined)],
    initializer: [...nodes.initializers, weights('head', [512 * bins, 100])],
    node: [
      ...nodes.nodes,
      ...pools,
      node(
        'Concat',
        levels.map((n) => `row${n}`),
        ['row'],
        { axis: 1 },
      ),
      node('MatMul', ['row', 'head'], ['scores']),
    ],
  });
}

function backbone() {
  const nodes: ReturnType<typeof node>[] = [];
  const initializers: ReturnType<typeof weights>[] = [];
  const conv = (input: string, output: string, dims: number[], stride: number) => {
    initializers.push(weights(`${output}_filters`, dims));
    const padding = (dims[3]! - 1) >> 1;
    nodes.push(
      node('Conv', [input, `${output}_filters`], [output], {
        kernel_shape: dims.slice(2),
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
      }),
    );
  };
  const relu = (input: string, output: string) => nodes.push(node('Relu', [input], [output]));
  conv('image', 'first', [64, 3, 7, 7], 2);
  relu('first', 'first_relu');
  nodes.push(
    node('MaxPool', ['first_relu'], ['x0'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  );
  let [at, from] = ['x0', 64];
  stages.forEach((to, stage) => {
    for (const block of [0, 1]) {
      const name = stage === 3 && block === 1 ? 'map' : `x${stage}${block}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      conv(at, `${name}a`, [to, from, 3, 3], stride);
      relu(`${name}a`, `${name}b`);
      conv(`${name}b`, `${name}c`, [to, to, 3, 3], 1);
      if (from !== to) conv(at, `${name}d`, [to, from, 1, 1], stride);
      nodes.push(node('Add', [`${name}c`, from === to ? at : `${name}d`], [`${name}e`]));
      relu(`${name}e`, name);
      [at, from] = [name, to];
    }
  });
  return { nodes, initializers };
}

interface Row {
  readonly what: string;
  readonly levels: readonly number[];
  readonly kernels: number;
  readonly bodies: number;
}

/** Measures by turns, and prints a table in Markdown. */
export async function benchOnnx(rounds: number): Promise<void> {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = dirname(require.resolve('onnxruntime-web')) + sep;
  ort.env.logLevel = 'error';
  const rows: Row[] = [];
  for (const [height, width] of [
    [224, 224],
    [480, 640],
  ] as const) {
    for (const levels of [
      [4, 2, 1],
      [6, 3, 2, 1],
    ]) {
      const map = [512, Math.ceil(height / 32), Math.ceil(width / 32)];
      const pools = await measure(levels, map, rounds, false);
      const whole = await measure(levels, [3, height, width], Math.ceil(rounds / 3), true);
      rows.push({ what: `pools of ${map.join(' x ')}`, levels, ...pools });
      rows.push({ what: `ResNet-18 on ${height} x ${width}`, levels, ...whole });
    }
  }
  console.log('| what runs | levels | kernels, ms | bodies, ms | bodies / kernels |');
  console.log('| --- | --- | ---: | ---: | ---: |');
  for (const { what, levels, kernels, bodies } of rows) {
    const numbers = [kernels.toFixed(2), bodies.toFixed(2), (bodies / kernels).toFixed(2)];
    console.log(`| ${[what, levels.join(', '), ...numbers].join(' | ')} |`);
  }
}

async function measure(
  levels: readonly number[],
  [channels, height, width]: readonly number[],
  rounds: number,
  whole: boolean,
) {
  const bytes = network(levels, whole);
  const models = {
    kernels: await createModel(bytes, { ort, pooling: 'kernels' }),
    bodies: await createModel(bytes, { ort, pooling: 'bodies' }),
  };
  const size = channels! * height! * width!;
  const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i * i));
  const image = new ort.Tensor('float32', data, [1, channels!, height!, width!]);
  const answers = await Promise.all(Object.values(models).map((it) => it.run({ image })));
  checkSame(answers.map(({ scores }) => scores!.data as Float32Array));
  const samples: Record<keyof typeof models, number[]> = { kernels: [], bodies: [] };
  for (let round = -2; round < rounds; round++) {
    for (const [name, it] of Object.entries(models) as [keyof typeof models, OnnxModel<typeof ort>][]) {
      const start = performance.now();
      await it.run({ image });
      // The first rounds are for the host to compile.
      if (round >= 0) samples[name].push(performance.now() - start);
    }
  }
  for (const it of Object.values(models)) await it.dispose();
  return { kernels: spreadOf(samples.kernels).median, bodies: spreadOf(samples.bodies).median };
}

function checkSame([a, b]: readonly Float32Array[]): void {
  const largest = a!.reduce((most, it) => Math.max(most, Math.abs(it)), 1);
  const far = a!.findIndex((it, i) => !(Math.abs(it - b![i]!) <= 1e-4 * largest));
  if (far >= 0) throw new Error(`kernels and bodies differ: ${a![far]} and ${b![far]}`);
}
