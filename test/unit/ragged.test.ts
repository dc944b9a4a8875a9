/** Batches of maps of different sizes: the same answers as map by map, a row each. */
import fc from 'fast-check';
import { createPyramidPool, type Layout, type PyramidPool, type Reduction } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { expectBits, expectSame } from './bits.js';
import { concatenate } from './concatenate.js';
import { SHARING_THRESHOLD, testedRuntimes, useRuntime } from './runtimes.js';

interface Map {
  data: Float32Array;
  dims: number[];
}

function map(layout: Layout, [batch, channels, height, width]: number[], seed: number): Map {
  const item = layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
  // Every other map is of rank 3 where it may be.
  const dims = (batch === 1 && seed % 2 ? item : [batch, ...item]) as number[];
  const length = dims.reduce((product, size) => product * size, 1);
  return { dims, data: Float32Array.from({ length }, (_, i) => (Math.imul(i + seed, 2654435761) >> 26) / 4) };
}

async function check(pool: PyramidPool, maps: Map[], rows: number): Promise<void> {
  const each = maps.map((map) => pool.forwardWithIndices(map));
  const expected = concatenate(
    Float32Array,
    each.map(({ output }) => output.data),
  );
  const dims = maps.map(({ dims }) => dims);

  expectBits(pool.forward(maps).data, expected, 'forward');
  const { output, indices } = pool.forwardWithIndices(maps);
  expect(output.dims).toEqual(pool.outputDims(dims));
  expect(output.dims[0]).toBe(rows);
  expectBits(output.data, expected, 'output');
  expectSame(
    indices.data,
    concatenate(
      Int32Array,
      each.map(({ indices }) => indices.data),
    ),
    'indices',
  );
  const later = await pool.forwardWithIndicesAsync(maps);
  expectBits(later.output.data, expected, 'output, async');

  const gradients = pool.backward(output, { dims, indices });
  const gradientsLater = await pool.backwardAsync(output, { dims, indices });
  maps.forEach(({ dims }, i) => {
    const { output, indices } = each[i] as (typeof each)[number];
    const alone = pool.backward(output, { dims, indices });
    expect(gradients[i]?.dims).toEqual(dims);
    expectBits(gradients[i]?.data as Float32Array, alone.data, `gradient ${i}`);
    expectBits(gradientsLater[i]?.data as Float32Array, alone.data, `gradient ${i}, async`);
  });
}

describe.each(testedRuntimes)('$variant $threads', (options) => {
  const runtime = useRuntime(options);

  for (const layout of ['NCHW', 'NHWC'] as const) {
    test(`maps of all sizes agree with one after the other, in ${layout}`, async () => {
      const pool = await createPyramidPool({ levels: [3, 2, 1], layout, runtime: runtime() });
      const shapes = [
        [1, 5, 13, 13],
        [2, 5, 1, 1],
        [1, 5, 3, 30],
        [0, 5, 4, 4],
        [3, 5, 7, 2],
        [1, 5, 9, 9],
      ];
      await check(
        pool,
        shapes.map((shape, i) => map(layout, shape, i)),
        8,
      );
    });

    test(`threads share the whole batch, in ${layout}`, async () => {
      const pool = await createPyramidPool({ levels: [4, 1], layout, runtime: runtime() });
      const shapes = Array.from({ length: 40 }, (_, i) => [1, 24, 10 + (i % 7), 30 + (i % 11)]);
      const maps = shapes.map((shape, i) => map(layout, shape, i));
      expect(maps.reduce((sum, { data }) => sum + data.length, 0)).toBeGreaterThan(SHARING_THRESHOLD);
      await check(pool, maps, 40);
    });
  }

  test('random batches agree with one map after the other', { timeout: 120_000 }, async () => {
    const axis = fc.integer({ min: 1, max: 12 });
    const shapes = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), axis, axis), {
      minLength: 1,
      maxLength: 5,
    });
    const layout = fc.constantFrom<Layout>('NCHW', 'NHWC');
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 1, max: 6 }), layout, async (shapes, channels, layout) => {
        const pool = await createPyramidPool({ levels: [2, 1], layout, runtime: runtime() });
        const maps = shapes.map(([batch, height, width], i) =>
          map(layout, [batch, channels, height, width], i),
        );
        await check(
          pool,
          maps,
          shapes.reduce((sum, [batch]) => sum + batch, 0),
        );
      }),
      { numRuns: 60 },
    );
  });
});

const runtime = useRuntime({ variant: 'simd' });
const pool = (reduction: Reduction = 'max') =>
  createPyramidPool({ levels: [2, 1], reduction, runtime: runtime() });

test('averages take lists as well', async () => {
  const spp = await pool('average');
  const maps = [map('NCHW', [1, 2, 5, 5], 0), map('NCHW', [1, 2, 3, 7], 1)];
  const output = spp.forward(maps);
  expectBits(
    output.data,
    concatenate(
      Float32Array,
      maps.map((map) => spp.forward(map).data),
    ),
    'average',
  );
  const dims = maps.map(({ dims }) => dims);
  const [first, second] = spp.backward(output, { dims });
  expect([first?.dims, second?.dims]).toEqual(dims);
});

test('resident tensors are used where they lie', async () => {
  const spp = await pool();
  const maps = [map('NCHW', [1, 2, 5, 5], 0), map('NCHW', [1, 2, 3, 7], 2)];
  const resident = maps.map(({ dims, data }) => {
    const tensor = runtime().tensor(dims);
    tensor.data.set(data);
    return tensor;
  });
  const expected = spp.forwardWithIndices(maps);
  const { output, indices } = spp.forwardWithIndices(resident);
  expectBits(output.data, expected.output.data, 'output');
  const dims = maps.map(({ dims }) => dims);
  const gradients = spp.backward(output, { dims, indices }, { out: resident });
  expect(gradients[0]).toBe(resident[0]);
  spp.backward(output, { dims, indices }).forEach(({ data }, i) => {
    expectBits(resident[i]?.data as Float32Array, data, `gradient ${i}`);
  });
  for (const tensor of resident) tensor.dispose();
});

test('lists that do not fit are refused by their place', async () => {
  const spp = await pool();
  const good = map('NCHW', [1, 2, 5, 5], 0);
  const error = (code: string, message: RegExp) =>
    expect.objectContaining({ code, message: expect.stringMatching(message) });
  const thrown = (call: () => unknown) => {
    try {
      return call();
    } catch (error) {
      return error;
    }
  };
  expect(thrown(() => spp.forward([]))).toEqual(error('invalid-dims', /at least one/));
  expect(thrown(() => spp.forward([good, map('NCHW', [1, 3, 5, 5], 0)]))).toEqual(
    error('invalid-dims', /input\[1\]\.dims has 3 channels.*2 channels/),
  );
  expect(thrown(() => spp.forward([good, { data: good.data, dims: [1, 2, 5, 4] }]))).toEqual(
    error('invalid-data', /input\[1\]\.data has 50 elements/),
  );
  const { output, indices } = spp.forwardWithIndices([good, good]);
  const dims = [good.dims, good.dims];
  expect(thrown(() => spp.backward(output, { dims: [good.dims], indices }))).toEqual(
    error('invalid-dims', /gradOutput\.dims/),
  );
  expect(thrown(() => spp.backward(output, { dims, indices }, { out: [good] }))).toEqual(
    error('invalid-data', /options\.out.*2 tensors/),
  );
  indices.data[19] = 25;
  expect(thrown(() => spp.backward(output, { dims, indices }))).toEqual(
    error('invalid-indices', /indices\.data\[19\] is 25/),
  );
  using shared = runtime().tensor(good.dims);
  indices.data[19] = 0;
  expect(thrown(() => spp.backward(output, { dims, indices }, { out: [shared, shared] }))).toEqual(
    error('overlap', /options\.out\[1\]/),
  );
});
