/** The operation for tfjs, on its real backends: answers, gradients, memory, errors. */
import * as tf from '@tensorflow/tfjs-core';
import { createPyramidPool, createRuntime, type PyramidPoolError } from 'pyramid-pool';
import { spatialPyramidPool } from 'pyramid-pool/tfjs-core';
import { describe, expect, test } from 'vitest';
import { expectBits, expectClose } from '../unit/bits.js';
import { mapTo, outputTo } from '../unit/layouts.js';
import { referenceBackward, referenceForward, rules } from '../unit/reference.js';
import { backends, distinct, lengthOf, useBackend } from './tfjs.js';

type Shape = readonly [batch: number, channels: number, height: number, width: number];

const levels = [
  [4, 4],
  [3, 2],
  [1, 1],
] as const;

/** Sizes that 4, 3 and 2 divide, and many that they do not; larger and smaller than the levels. */
const shapes: Shape[] = [
  [1, 5, 13, 13],
  [2, 3, 10, 9],
  [3, 2, 7, 17],
  [1, 16, 12, 12],
  [2, 4, 1, 3],
  [1, 1, 2, 5],
];

const nhwc = ([batch, channels, height, width]: Shape): [number, number, number, number] => [
  batch,
  height,
  width,
  channels,
];

const codeOf = (call: () => unknown) => {
  try {
    call();
    return 'no error';
  } catch (error) {
    return (error as PyramidPoolError).code;
  }
};

describe.each(backends)('on the %s backend', (backend) => {
  useBackend(backend);

  test.each([
    ['adaptive', 'levels'],
    ['sliding', 'levels'],
    ['padded', 'levels'],
    ['adaptive', 'channels'],
  ] as const)('pools and has the gradient: %s, %s', (bins, outputOrder) => {
    const fits = ([, , height, width]: Shape) =>
      levels.every(([rows, columns]) => rules[bins](height, rows, 0) && rules[bins](width, columns, 0));
    const fitting = shapes.filter(fits);
    expect(fitting.length).toBeGreaterThan(0);
    for (const shape of fitting) {
      const data = distinct(lengthOf(shape));
      const { output, indices } = referenceForward(data, shape, levels, bins);
      const weights = distinct(output.length);
      const gradient = referenceBackward(weights, indices, shape, levels, bins);
      tf.tidy(() => {
        const x = tf.tensor4d(mapTo(data, shape, 'NHWC'), nhwc(shape));
        const dy = tf.tensor2d(outputTo(weights, shape, levels, 'NHWC', outputOrder), [
          shape[0],
          output.length / shape[0],
        ]);
        const pool = (x: tf.Tensor4D) => spatialPyramidPool(x, { levels, bins, outputOrder });
        const y = pool(x);
        expect(y.shape).toEqual(dy.shape);
        expectBits(y.dataSync<'float32'>(), outputTo(output, shape, levels, 'NHWC', outputOrder), 'output');
        const result = tf.valueAndGrad(pool as never)(x, dy);
        expectBits(result.value.dataSync<'float32'>(), y.dataSync<'float32'>(), 'output for the gradient');
        expect(result.grad.shape).toEqual(x.shape);
        expectBits(result.grad.dataSync<'float32'>(), mapTo(gradient, shape, 'NHWC'), 'gradient');
      });
    }
  });

  test.each(['max', 'average'] as const)(
    'the gradient of the %s is what finite differences say',
    (reduction) => {
      const [dims, weights] = [[2, 5, 3, 4] as const, distinct(2 * 4 * 5)];
      const data = distinct(lengthOf(dims));
      const options = { levels: [2, 1], reduction };
      const loss = () =>
        tf.tidy(() => {
          const y = spatialPyramidPool(tf.tensor4d(data, [...dims]), options).dataSync<'float32'>();
          return y.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
        });
      const gradient = tf.tidy(() => {
        const pool = (x: tf.Tensor) => spatialPyramidPool(x, options);
        return tf
          .grad(pool)(tf.tensor4d(data, [...dims]), tf.tensor2d(weights, [2, 20]))
          .dataSync();
      });
      const step = 1 / 32;
      for (let i = 0; i < data.length; i++) {
        const value = data[i] as number;
        data[i] = value + step;
        const above = loss();
        data[i] = value - step;
        const below = loss();
        data[i] = value;
        expect((above - below) / (2 * step), `cell ${i}`).toBeCloseTo(gradient[i] as number, 3);
      }
    },
  );

  test('averages are those of the package', async () => {
    const options = { levels: [3, 2], reduction: 'average' } as const;
    const pool = await createPyramidPool({ ...options, layout: 'NHWC' });
    const input = { data: distinct(7 * 5 * 6), dims: [1, 7, 5, 6] };
    tf.tidy(() => {
      const y = spatialPyramidPool(tf.tensor4d(input.data, [1, 7, 5, 6]), options);
      expectClose(y.dataSync<'float32'>(), pool.forward(input).data, 1e-5, 'output');
    });
  });

  test('a map without a batch becomes a vector', () => {
    tf.tidy(() => {
      const x = tf.tensor3d(distinct(7 * 5 * 3), [7, 5, 3]);
      const y: tf.Tensor1D = spatialPyramidPool(x, { levels: [2, 1] });
      expect(y.shape).toEqual([15]);
      const batch = spatialPyramidPool(tf.expandDims<tf.Tensor4D>(x, 0), { levels: [2, 1] });
      expectBits(y.dataSync<'float32'>(), batch.dataSync<'float32'>(), 'output');
      expect(tf.grad((x) => spatialPyramidPool(x, { levels: [2] }))(x, tf.ones([12])).shape).toEqual([
        7, 5, 3,
      ]);
    });
  });

  test('an empty batch stays empty', () => {
    tf.tidy(() => {
      const x = tf.zeros<tf.Rank.R4>([0, 5, 4, 3]);
      const pool = (x: tf.Tensor) => spatialPyramidPool(x, { levels: [2] });
      expect(pool(x).shape).toEqual([0, 12]);
      expect(tf.grad(pool)(x, tf.zeros([0, 12])).shape).toEqual([0, 5, 4, 3]);
    });
  });

  test('tensors are read where they lie, after the heap of tfjs has grown as well', () => {
    tf.tidy(() => {
      const x = tf.tensor4d(distinct(7 * 5 * 3), [1, 7, 5, 3]);
      const before = spatialPyramidPool(x, { levels: [3] })
        .dataSync<'float32'>()
        .slice();
      tf.zeros([2 ** 23]).dataSync();
      expectBits(spatialPyramidPool(x, { levels: [3] }).dataSync<'float32'>(), before, 'output');
      // Not a tensor that its backend made, but a view of it.
      const part = tf.slice(x, [0, 2, 1, 0], [1, 4, 3, 3]);
      const copy = tf.tensor4d(part.dataSync<'float32'>(), [1, 4, 3, 3]);
      expectBits(
        spatialPyramidPool(part, { levels: [2, 1] }).dataSync<'float32'>(),
        spatialPyramidPool(copy, { levels: [2, 1] }).dataSync<'float32'>(),
        'output',
      );
    });
  });

  test('NaN wins, as in PyTorch, and gets the gradient', () => {
    tf.tidy(() => {
      const x = tf.tensor4d([1, Number.NaN, 3, 2], [1, 2, 2, 1]);
      expect([...spatialPyramidPool(x, { levels: [1] }).dataSync()]).toEqual([Number.NaN]);
      const pool = (x: tf.Tensor) => spatialPyramidPool(x, { levels: [1] });
      expect([
        ...tf
          .grad(pool)(x, tf.tensor2d([5], [1, 1]))
          .dataSync(),
      ]).toEqual([0, 5, 0, 0]);
    });
  });

  test('hundreds of calls leave no tensor and no byte', () => {
    const call = (i: number) => {
      const [height, width] = [(i % 13) + 1, ((i * 7) % 17) + 1];
      const x = tf.tensor4d(distinct(2 * height * width * 3), [2, height, width, 3]);
      const options = { levels: [3, 1], reduction: i % 3 === 0 ? 'average' : 'max' } as const;
      const pool = (x: tf.Tensor) => spatialPyramidPool(x, options);
      const y = pool(x);
      const dy = tf.onesLike(y);
      const gradient = tf.grad(pool)(x, dy);
      tf.dispose([x, y, dy, gradient]);
    };
    call(0);
    const { numTensors, numBytes, numDataBuffers } = tf.memory();
    for (let i = 0; i < 300; i++) call(i);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
  });

  test('a runtime of the caller is used', async () => {
    const runtime = await createRuntime();
    const x = tf.tensor4d(distinct(64 * 64 * 64), [1, 64, 64, 64]);
    const [own, theirs] = [undefined, runtime].map((runtime) =>
      spatialPyramidPool(x, { levels: [2, 1], ...(runtime && { runtime }) }).dataSync<'float32'>(),
    ) as [Float32Array, Float32Array];
    expectBits(theirs, own, 'output');
    runtime.dispose();
    expect(codeOf(() => spatialPyramidPool(x, { levels: [2, 1], runtime }))).toBe('disposed');
    x.dispose();
  });

  test('wrong arguments are refused, and nothing is left of them', () => {
    const x = tf.tensor4d([1, 2], [1, 1, 2, 1]);
    const { numTensors } = tf.memory();
    // biome-ignore lint/suspicious/noExplicitAny: wrong arguments are the point here
    const code = (x: any, options: any) => codeOf(() => spatialPyramidPool(x, options));
    expect(code(x, undefined)).toBe('invalid-levels');
    expect(code(x, { levels: [] })).toBe('invalid-levels');
    expect(code(x, { levels: [1], layout: 'NCHW' })).toBe('invalid-options');
    expect(code(x, { levels: [1], runtime: {} })).toBe('invalid-options');
    expect(code(x, { levels: [4], bins: 'sliding' })).toBe('invalid-bins');
    expect(code([[1]], { levels: [1] })).toBe('invalid-data');
    tf.tidy(() => {
      expect(code(tf.tensor2d([[1]]), { levels: [1] })).toBe('invalid-dims');
      expect(code(tf.tensor4d([1], [1, 1, 1, 1], 'int32'), { levels: [1] })).toBe('invalid-data');
    });
    expect(tf.memory().numTensors).toBe(numTensors);
    x.dispose();
  });
});

describe('what is often given by mistake', () => {
  useBackend('cpu');

  test.each([
    ['a promise', Promise.resolve(1), 'x is a promise, but must be a tensor of tfjs; await it first'],
    ['data and dims', { data: new Float32Array(1), dims: [1, 1, 1] }, 'use createPyramidPool'],
    ['a tensor of another copy', { dataSync() {}, shape: [1] }, 'another copy of @tensorflow/tfjs-core'],
  ])('%s', (_, x, message) => {
    expect(() => spatialPyramidPool(x as never, { levels: [1] })).toThrow(message);
  });

  test('a matrix', () => {
    tf.tidy(() => {
      const pool = () => spatialPyramidPool(tf.tensor2d([[1]]) as never, { levels: [1] });
      expect(pool).toThrow('x.shape is [1, 1], but must be [N, H, W, C] or [H, W, C]');
    });
  });
});
