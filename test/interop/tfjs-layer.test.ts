/** The layer for models of tfjs: shapes, training, saving and loading, memory. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRuntime, type PyramidPoolError } from 'pyramid-pool';
import { SpatialPyramidPooling, spatialPyramidPool } from 'pyramid-pool/tfjs';
import { describe, expect, test } from 'vitest';
import { expectBits, expectClose } from '../unit/bits.js';
import { backends, distinct, lengthOf, useBackend } from './tfjs.js';

const sizes = [
  [13, 13],
  [10, 9],
  [7, 17],
  [4, 4],
  [1, 2],
] as const;

const init = (seed: number) => tfl.initializers.glorotUniform({ seed });

/** `dense` over the channels is a convolution of one cell: that of more has no gradient on tfjs's WASM backend. */
function makeModel() {
  return tfl.sequential({
    layers: [
      tfl.layers.dense({
        units: 4,
        activation: 'tanh',
        inputShape: [null, null, 2] as never,
        kernelInitializer: init(1),
        name: 'cells',
      }),
      new SpatialPyramidPooling({ levels: [4, 2, 1], name: 'spp' }),
      tfl.layers.dense({ units: 3, kernelInitializer: init(2), name: 'head' }),
    ],
  });
}

function batch(height: number, width: number): tf.Tensor4D {
  const dims = [2, height, width, 2] as [number, number, number, number];
  return tf.tensor4d(
    distinct(lengthOf(dims)).map((value) => (value * 16) / lengthOf(dims)),
    dims,
  );
}

/** Saves a model as files would, and loads it again. */
async function reloaded(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
  const { modelTopology, weightSpecs, weightData } = saved as tf.io.ModelArtifacts;
  const topology = JSON.parse(JSON.stringify(modelTopology));
  return tfl.loadLayersModel(tf.io.fromMemory({ modelTopology: topology, weightSpecs, weightData }));
}

describe.each(backends)('on the %s backend', (backend) => {
  useBackend(backend);

  test('a model takes maps of every size', () => {
    const model = makeModel();
    expect(model.getLayer('spp').outputShape).toEqual([null, 84]);
    for (const [height, width] of sizes) {
      tf.tidy(() => {
        const x = batch(height, width);
        const cells = model.getLayer('cells').apply(x) as tf.Tensor4D;
        const pooled = spatialPyramidPool(cells, { levels: [4, 2, 1] });
        const expected = model.getLayer('head').apply(pooled) as tf.Tensor2D;
        const actual = model.predict(x) as tf.Tensor2D;
        expect(actual.shape).toEqual([2, 3]);
        expectBits(actual.dataSync<'float32'>(), expected.dataSync<'float32'>(), 'prediction');
      });
    }
    model.dispose();
  });

  test('a model that was saved and loaded answers the same', async () => {
    const model = makeModel();
    const copy = await reloaded(model);
    tf.tidy(() => {
      const x = batch(11, 6);
      const [expected, actual] = [model, copy].map((m) => (m.predict(x) as tf.Tensor).dataSync<'float32'>());
      expectBits(actual as Float32Array, expected as Float32Array, 'prediction');
    });
    model.dispose();
    copy.dispose();
  });

  test('a model that was loaded has the options of the one that was saved', async () => {
    const options = {
      levels: [[3, 2], 1],
      reduction: 'average',
      bins: 'padded',
      outputOrder: 'channels',
    } as const;
    const input = tfl.input({ shape: [null, null, 5] as never });
    const layer = new SpatialPyramidPooling({ ...options, name: 'pyramid', trainable: false });
    const model = tfl.model({ inputs: input, outputs: layer.apply(input) as tfl.SymbolicTensor });
    const copy = await reloaded(model);
    const loaded = copy.getLayer('pyramid');
    expect(loaded).toBeInstanceOf(SpatialPyramidPooling);
    expect(loaded.getConfig()).toEqual(layer.getConfig());
    expect(loaded.getConfig()).toMatchObject({
      name: 'pyramid',
      trainable: false,
      levels: [
        [3, 2],
        [1, 1],
      ],
      reduction: 'average',
      bins: 'padded',
      outputOrder: 'channels',
    });
    tf.tidy(() => {
      const x = tf.tensor4d(distinct(2 * 7 * 8 * 5), [2, 7, 8, 5]);
      const expected = spatialPyramidPool(x, options).dataSync<'float32'>();
      expectBits((copy.predict(x) as tf.Tensor).dataSync<'float32'>(), expected, 'prediction');
    });
  });

  test('gradients of weights before the layer are what finite differences say', () => {
    const model = makeModel();
    const kernel = model.getLayer('cells').getWeights()[0] as tf.Variable;
    const variable = model.trainableWeights[0]?.read() as tf.Variable;
    const x = batch(7, 5);
    const loss = () =>
      tf.tidy((): tf.Scalar => tf.sum(tf.square(model.apply(x, { training: true }) as tf.Tensor)));
    const { grads } = tf.variableGrads(loss, [variable]);
    const gradient = (grads[variable.name] as tf.Tensor).dataSync<'float32'>();
    const values = kernel.dataSync<'float32'>().slice();
    const step = 2 ** -10;
    const lossAt = (i: number, value: number) =>
      tf.tidy(() => {
        const moved = values.slice();
        moved[i] = value;
        variable.assign(tf.tensor2d(moved, [2, 4]));
        return loss().dataSync()[0] as number;
      });
    const differences = values.map(
      (value, i) => (lossAt(i, value + step) - lossAt(i, value - step)) / (2 * step),
    );
    const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(0);
    expectClose(gradient, differences, largest / 50, 'gradient');
    model.dispose();
  });

  test('a model learns through the layer, on maps of all sizes, and memory stays flat', async () => {
    const model = makeModel();
    model.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
    const before = (model.getLayer('cells').getWeights()[0] as tf.Tensor).dataSync<'float32'>().slice();
    const step = async (i: number) => {
      const [height, width] = sizes[i % sizes.length] as readonly [number, number];
      const x = batch(height, width);
      const y = tf.tensor2d([1, 0, -1, -1, 0, 1], [2, 3]);
      const loss = (await model.trainOnBatch(x, y)) as number;
      tf.dispose([x, y, model.predict(x)]);
      return loss;
    };
    const first: number[] = [];
    for (let i = 0; i < sizes.length; i++) first.push(await step(i));
    const { numTensors, numBytes } = tf.memory();
    const last: number[] = [];
    for (let i = 0; i < 300; i++) last[i % sizes.length] = await step(i);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    const sum = (losses: number[]) => losses.reduce((a, b) => a + b);
    expect(sum(last)).toBeLessThan(sum(first) / 4);
    const after = (model.getLayer('cells').getWeights()[0] as tf.Tensor).dataSync<'float32'>();
    expect(after.every((value, i) => value !== before[i])).toBe(true);
    model.dispose();
  });

  test('works on a runtime of the caller', async () => {
    using runtime = await createRuntime();
    const layer = new SpatialPyramidPooling({ levels: [2], runtime });
    tf.tidy(() => {
      const x = batch(5, 3);
      const expected = spatialPyramidPool(x, { levels: [2] }).dataSync<'float32'>();
      expectBits((layer.apply(x) as tf.Tensor).dataSync<'float32'>(), expected, 'output');
    });
    runtime.dispose();
    expect(() => tf.tidy(() => layer.apply(batch(5, 3)) as tf.Tensor)).toThrow('disposed');
  });

  test('a convolution with strides, and the layer behind it', () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.conv2d({
          filters: 3,
          kernelSize: 3,
          strides: 2,
          activation: 'relu',
          inputShape: [null, null, 1] as never,
        }),
        new SpatialPyramidPooling({ levels: [3, 2, 1] }),
      ],
    });
    for (const [height, width] of [
      [32, 20],
      [17, 31],
      [3, 3],
    ] as const) {
      tf.tidy(() => {
        const x = tf.tensor4d(distinct(height * width), [1, height, width, 1]);
        expect((model.predict(x) as tf.Tensor).shape).toEqual([1, 42]);
      });
    }
    model.dispose();
  });

  test('shapes and options are checked when a model is made', () => {
    const codeOf = (args: object) => {
      try {
        new SpatialPyramidPooling(args as never);
        return 'no error';
      } catch (error) {
        return (error as PyramidPoolError).code;
      }
    };
    expect(codeOf({})).toBe('invalid-levels');
    expect(codeOf({ levels: [2], reduction: 'sum' })).toBe('invalid-options');
    const layer = new SpatialPyramidPooling({ levels: [4, [3, 2]] });
    expect(layer.computeOutputShape([null, null, null, 8])).toEqual([null, 176]);
    expect(layer.computeOutputShape([5, 7, 9, null])).toEqual([5, null]);
    expect(() => layer.apply(tfl.input({ shape: [7] }))).toThrow('ndim=4');
  });
});

test('unknown options are refused, and those of all layers are not', () => {
  const layer = (args: object) => new SpatialPyramidPooling({ levels: [1], ...args });
  expect(() => layer({ reducton: 'average' })).toThrow('options.reducton is not an option; there are levels');
  expect(() => layer({ layout: 'NCHW' })).toThrow('options.layout is not an option');
  const known = layer({ name: 'spp', trainable: false, dtype: 'float32', inputShape: [null, null, 3] });
  expect(known.name).toBe('spp');
});

test('a layer works through a proxy', () => {
  const layer = new Proxy(new SpatialPyramidPooling({ levels: [2] }), {});
  expect(layer.computeOutputShape([null, 4, 4, 3])).toEqual([null, 12]);
  expect((layer.apply(tf.ones([1, 4, 4, 3])) as tf.Tensor).shape).toEqual([1, 12]);
});

describe('gradients of gradients', () => {
  useBackend('cpu');

  test.each(['max', 'average'] as const)('a gradient of second order: %s', (reduction) => {
    const pooled = (x: tf.Tensor) => tf.sum(tf.square(spatialPyramidPool(x, { levels: [1], reduction })));
    const twice = tf.grad((x) => tf.sum(tf.square(tf.grad(pooled)(x))));
    expect(() => twice(tf.ones([1, 2, 2, 1]))).toThrow('has a gradient of first order only');
    const linear = (x: tf.Tensor) => tf.sum(spatialPyramidPool(x, { levels: [1], reduction }));
    expect(() => tf.grad((x) => tf.sum(tf.grad(linear)(x)))(tf.ones([1, 2, 2, 1]))).toThrow(
      'first order only',
    );
  });

  test('a gradient that another one holds still works', () => {
    const inner = (x: tf.Tensor) => tf.sum(spatialPyramidPool(x, { levels: [1] }));
    const outer = tf.grad((x) => tf.add(tf.sum(x), tf.sum(tf.grad(inner)(tf.ones([1, 2, 2, 1])))));
    expect([...outer(tf.ones([2])).dataSync()]).toEqual([1, 1]);
  });
});
