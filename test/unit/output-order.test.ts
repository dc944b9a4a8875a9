/** `outputOrder: 'channels'` in every layout, for maps and regions. */
import { createPyramidPool, createRoiPyramidPool, type PyramidPoolOptions } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { expectBits, expectSame } from './bits.js';
import { expectError } from './expect-error.js';
import { mapDims, mapTo, outputTo } from './layouts.js';
import { useRuntime } from './runtimes.js';

const runtime = useRuntime({ variant: 'simd' });

type Shape = [batch: number, channels: number, height: number, width: number];
const levels: [number, number][] = [
  [1, 1],
  [3, 2],
  [2, 2],
];
const BINS = 11;

const noise = (length: number) =>
  Float32Array.from({ length }, (_, i) => ((Math.imul(i + 1, 2654435761) >>> 8) % 977) - 400);
const lengthOf = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);
const pool = (options: Partial<PyramidPoolOptions>) =>
  createPyramidPool({ levels, runtime: runtime(), ...options });

test('a row has the bins of all levels of one channel after those of another', async () => {
  // Cell x of channel c is 10 * c + x.
  const data = Float32Array.of(0, 1, 2, 3, 10, 11, 12, 13);
  using lines = await createPyramidPool({
    levels: [1, 2],
    spatialDims: 1,
    outputOrder: 'channels',
    runtime: runtime(),
  });
  expectSame(lines.forward({ data, dims: [2, 4] }).data, [3, 1, 3, 13, 11, 13], 'NCHW');
  using last = await createPyramidPool({
    levels: [1, 2],
    spatialDims: 1,
    layout: 'NHWC',
    outputOrder: 'channels',
    runtime: runtime(),
  });
  const turned = Float32Array.of(0, 10, 1, 11, 2, 12, 3, 13);
  expectSame(last.forward({ data: turned, dims: [4, 2] }).data, [3, 1, 3, 13, 11, 13], 'NHWC');
});

// Small planes, transposed ones, wide bins, blocks of channels and the rest of channels, maps larger than the cache.
const shapes: Shape[] = [
  [2, 1, 5, 9],
  [1, 3, 13, 13],
  [2, 37, 10, 10],
  [1, 20, 3, 40],
  [2, 16, 60, 60],
  [1, 300, 40, 31],
];

for (const reduction of ['max', 'average'] as const) {
  for (const layout of ['NCHW', 'NHWC'] as const) {
    test(`${reduction} in ${layout}: the values, indices and gradients of the other order`, async () => {
      using byLevel = await pool({ layout, reduction });
      using byChannel = await pool({ layout, reduction, outputOrder: 'channels' });
      expect(byChannel.options.outputOrder).toBe('channels');
      expect(byLevel.options.outputOrder).toBe('levels');
      for (const shape of shapes) {
        const dims = mapDims(shape, layout);
        const x = { data: mapTo(noise(lengthOf(dims)), shape, layout), dims };
        const expected = await nchwAnswers(shape, reduction);
        const arrange = <A extends Float32Array | Int32Array>(data: A) =>
          outputTo(data, shape, levels, layout, 'channels');
        expectBits(byChannel.forward(x).data, arrange(expected.output), `${shape}: forward`);
        expectBits((await byChannel.forwardAsync(x)).data, arrange(expected.output), `${shape}: async`);
        const outputDims = byChannel.outputDims(dims);
        const gradOutput = { data: arrange(noise(lengthOf(outputDims))), dims: outputDims };
        let indices: { data: Int32Array; dims: readonly number[] } | undefined;
        if (reduction === 'max') {
          const found = byChannel.forwardWithIndices(x);
          expectBits(found.output.data, arrange(expected.output), `${shape}: output`);
          expectSame(found.indices.data, arrange(expected.indices as Int32Array), `${shape}: indices`);
          indices = found.indices;
        }
        const gradient = byChannel.backward(gradOutput, { dims, ...(indices && { indices }) });
        // The gradient of the map does not depend on the order.
        const other = byLevel.backward(
          { data: outputTo(noise(lengthOf(outputDims)), shape, levels, layout), dims: outputDims },
          { dims, ...(reduction === 'max' && { indices: byLevel.forwardWithIndices(x).indices }) },
        );
        expectBits(gradient.data, other.data, `${shape}: gradient`);
      }
    });
  }
}

/** What the levels give one after the other, channels first. Sums of these cells are exact in any order. */
async function nchwAnswers(shape: Shape, reduction: 'max' | 'average') {
  const x = { data: noise(lengthOf(shape)), dims: shape };
  using byLevel = await pool({ reduction });
  if (reduction === 'average') return { output: byLevel.forward(x).data, indices: undefined };
  const { output, indices } = byLevel.forwardWithIndices(x);
  return { output: output.data, indices: indices.data };
}

test('lists of maps and tensors in WASM memory are written in the same order', async () => {
  using byChannel = await pool({ outputOrder: 'channels', layout: 'NHWC' });
  const shapes: Shape[] = [
    [1, 21, 7, 6],
    [2, 21, 11, 30],
  ];
  const maps = shapes.map((shape) => ({
    data: mapTo(noise(lengthOf(shape)), shape, 'NHWC'),
    dims: mapDims(shape, 'NHWC'),
  }));
  const rows = maps.flatMap((map) => [...byChannel.forward(map).data]);
  const together = byChannel.forwardWithIndices(maps);
  expectSame(together.output.data, rows, 'a list');
  using input = runtime().tensor(maps[1]?.dims as number[]);
  input.data.set(maps[1]?.data as Float32Array);
  using output = runtime().tensor([2, 21 * BINS]);
  byChannel.forward(input, { out: output });
  expectSame(output.data, rows.slice(21 * BINS), 'a resident tensor');
});

test('a region that is the whole map gives the row of the map', async () => {
  const shape: Shape = [1, 19, 9, 8];
  for (const layout of ['NCHW', 'NHWC'] as const) {
    const map = { data: mapTo(noise(lengthOf(shape)), shape, layout), dims: mapDims(shape, layout) };
    using whole = await pool({ layout, outputOrder: 'channels' });
    using regions = await createRoiPyramidPool({
      levels,
      layout,
      outputOrder: 'channels',
      rule: 'spp-net',
      offset0: 1,
      offset: 0,
      step: 1,
      runtime: runtime(),
    });
    for (const count of [1, 60]) {
      const rois = {
        data: Float32Array.from({ length: 5 * count }, (_, i) => [0, 0, 0, 7, 8][i % 5] as number),
        dims: [count, 5],
      };
      const expected = whole.forwardWithIndices(map);
      const found = regions.forwardWithIndices(map, rois);
      const row = 19 * BINS;
      expectBits(found.output.data.subarray(0, row), expected.output.data, 'output');
      expectSame(found.indices.data.subarray(-row), expected.indices.data, 'indices');
      expectBits(regions.forward(map, rois).data.subarray(-row), expected.output.data, 'values');
    }
  }
});

test('an order that is none is refused', async () => {
  for (const make of [createPyramidPool, createRoiPyramidPool]) {
    await expectError(
      () => make({ levels: [1], runtime: runtime(), outputOrder: 'bins' as 'levels' }),
      'invalid-options',
      "options.outputOrder is 'bins', but must be one of 'levels', 'channels'",
    );
  }
});
