/** Shapes, tensors that live in WASM memory, and memory itself. */
import { createPyramidPool, createRuntime } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { expectBits, expectSame } from './bits.js';
import { useRuntime } from './runtimes.js';

const runtime = useRuntime({ variant: 'simd' });
const pool = (levels: number[], options: object = {}) =>
  createPyramidPool({ levels, runtime: runtime(), ...options });

function random(...dims: number[]) {
  return {
    dims,
    data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * i)),
  };
}

test('the classic maps all give 5376 values', async () => {
  const spp = await pool([4, 2, 1]);
  for (const [height, width] of [
    [13, 13],
    [10, 10],
    [17, 9],
  ] as const) {
    expect(spp.outputDims([1, 256, height, width])).toEqual([1, 5376]);
    expect(spp.forward(random(1, 256, height, width)).dims).toEqual([1, 5376]);
  }
});

test('rank 3 is a batch of one without its axis', async () => {
  const spp = await pool([3, 1]);
  const [three, four] = [random(5, 7, 6), random(1, 5, 7, 6)];
  const output = spp.forwardWithIndices(three);
  expect(output.output.dims).toEqual([50]);
  expect(output.indices.dims).toEqual([50]);
  expectBits(output.output.data, spp.forward(four).data, 'output');
  const gradient = spp.backward(output.output, { dims: three.dims, indices: output.indices });
  expect(gradient.dims).toEqual([5, 7, 6]);
});

test('an empty batch gives an empty output and an empty gradient', async () => {
  const spp = await pool([2, 1]);
  const { output, indices } = spp.forwardWithIndices(random(0, 3, 4, 4));
  expect(output.dims).toEqual([0, 15]);
  expect(output.size).toBe(0);
  expect(spp.backward(output, { dims: [0, 3, 4, 4], indices }).dims).toEqual([0, 3, 4, 4]);
});

test('results say their type and size', async () => {
  const { output, indices } = (await pool([2])).forwardWithIndices(random(1, 3, 4, 4));
  expect(output).toMatchObject({ type: 'float32', size: 12 });
  expect(indices).toMatchObject({ type: 'int32', size: 12 });
  expect(output.data).toBeInstanceOf(Float32Array);
  expect(indices.data).toBeInstanceOf(Int32Array);
});

test('an input is never written', async () => {
  const input = random(2, 3, 5, 5);
  const before = input.data.slice();
  const spp = await pool([2, 1]);
  const { output, indices } = spp.forwardWithIndices(input);
  spp.backward(output, { dims: input.dims, indices });
  expectBits(input.data, before, 'input');
});

test('views into larger buffers and shared memory are read as they are', async () => {
  const spp = await pool([1]);
  const buffer = new Float32Array([9, 1, 2, 3, 9]);
  expect(spp.forward({ data: buffer.subarray(1, 4), dims: [1, 1, 3] }).data[0]).toBe(3);
  if (typeof SharedArrayBuffer === 'undefined') return;
  const shared = new Float32Array(new SharedArrayBuffer(16));
  shared[2] = 5;
  expect(spp.forward({ data: shared, dims: [1, 2, 2] }).data[0]).toBe(5);
});

test('bin bounds tell which cells a bin reads', async () => {
  expect((await pool([4, 1])).binBounds(13, 3)).toEqual([
    {
      rows: [
        [0, 4],
        [3, 7],
        [6, 10],
        [9, 13],
      ],
      columns: [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
      ],
    },
    { rows: [[0, 13]], columns: [[0, 3]] },
  ]);
});

test('bin bounds follow the rule', async () => {
  const rows = async (bins: string, size: number) => (await pool([4], { bins })).binBounds(size, 13)[0]?.rows;
  expect(await rows('sliding', 10)).toEqual([
    [0, 3],
    [2, 5],
    [4, 7],
    [6, 9],
  ]);
  expect(await rows('padded', 7)).toEqual([
    [0, 1],
    [1, 3],
    [3, 5],
    [5, 7],
  ]);
});

test('results are written to plain tensors given as out', async () => {
  const spp = await pool([2, 1]);
  const input = random(2, 3, 5, 5);
  const expected = spp.forwardWithIndices(input);
  const out = {
    output: { data: new Float32Array(30), dims: [2, 15] },
    indices: { data: new Int32Array(30), dims: [2, 15] },
  };
  const result = spp.forwardWithIndices(input, { out });
  expect(result.output).toBe(out.output);
  expectBits(out.output.data, expected.output.data, 'output');
  expectSame(out.indices.data, expected.indices.data, 'indices');
});

test('resident tensors are read and written in place', async () => {
  const spp = await pool([2, 1]);
  const input = random(2, 3, 5, 5);
  const expected = spp.forwardWithIndices(input);
  using x = runtime().tensor(input.dims);
  using output = runtime().tensor([2, 15]);
  using indices = runtime().tensor([2, 15], 'int32');
  using gradient = runtime().tensor(input.dims);
  x.data.set(input.data);
  const bytes = runtime().memory.buffer.byteLength;
  for (let i = 0; i < 100; i++) {
    expect(spp.forward(x, { out: output })).toBe(output);
    spp.forwardWithIndices(x, { out: { output, indices } });
    spp.backward(output, { dims: x.dims, indices }, { out: gradient });
  }
  expectBits(output.data, expected.output.data, 'output');
  expectSame(indices.data, expected.indices.data, 'indices');
  expectBits(
    gradient.data,
    spp.backward(expected.output, { dims: input.dims, indices: expected.indices }).data,
    'gradient',
  );
  expect(runtime().memory.buffer.byteLength).toBe(bytes);
});

test('a tensor of another runtime is copied', async () => {
  using other = await createRuntime({ variant: 'scalar' });
  using x = other.tensor([1, 2, 2]);
  x.data.set([1, 4, 3, 2]);
  expect((await pool([1])).forward(x).data[0]).toBe(4);
});

test('memory grows under tensors that live in it', async () => {
  using own = await createRuntime({ variant: 'simd' });
  const spp = await createPyramidPool({ levels: [1], runtime: own });
  using x = own.tensor([1, 2, 2]);
  x.data.set([1, 4, 3, 2]);
  const before = own.memory.buffer.byteLength;
  spp.forward(random(1, 64, 200, 200));
  expect(own.memory.buffer.byteLength).toBeGreaterThan(before);
  expectSame(x.data, [1, 4, 3, 2], 'the tensor');
  expect(spp.forward(x).data[0]).toBe(4);
});

test('thousands of pools, sizes and calls leave memory flat', async () => {
  using own = await createRuntime({ variant: 'simd' });
  const round = async () => {
    for (let i = 0; i < 1000; i++) {
      const spp = await createPyramidPool({ levels: [(i % 5) + 1, 1], runtime: own });
      const input = random(1, 2, (i % 37) + 1, (i % 41) + 1);
      const { output, indices } = spp.forwardWithIndices(input);
      spp.backward(output, { dims: input.dims, indices });
    }
  };
  for (let i = 0; i < 5; i++) await round();
  const before = own.memory.buffer.byteLength;
  for (let i = 0; i < 10; i++) await round();
  expect(own.memory.buffer.byteLength).toBe(before);
});

test('two runtimes work side by side', async () => {
  using first = await createRuntime({ variant: 'simd' });
  using second = await createRuntime({ variant: 'simd' });
  expect(first.memory).not.toBe(second.memory);
  const pools = await Promise.all(
    [first, second].map((runtime) => createPyramidPool({ levels: [1], runtime })),
  );
  using x = first.tensor([1, 1, 2]);
  x.data.set([3, 5]);
  expect(pools.map((spp) => spp.forward(x).data[0])).toEqual([5, 5]);
  first.dispose();
  expect(pools[1]?.forward({ data: Float32Array.of(7), dims: [1, 1, 1] }).data[0]).toBe(7);
});

test('pools without a runtime share one, which is made again after it was disposed', async () => {
  const [first, second] = await Promise.all([
    createPyramidPool({ levels: [1] }),
    createPyramidPool({ levels: [2] }),
  ]);
  expect(first.runtime).toBe(second.runtime);
  first.runtime.dispose();
  const third = await createPyramidPool({ levels: [1] });
  expect(third.runtime).not.toBe(first.runtime);
  expect(third.forward({ data: Float32Array.of(7), dims: [1, 1, 1] }).data[0]).toBe(7);
});

test('options cannot be changed from outside', async () => {
  const levels = [2, 1];
  const spp = await pool(levels);
  levels[0] = 7;
  expect(spp.options).toEqual({
    levels: [
      [2, 2],
      [1, 1],
    ],
    reduction: 'max',
    bins: 'adaptive',
    layout: 'NCHW',
    outputOrder: 'levels',
    spatialDims: 2,
  });
  expect(Object.isFrozen(spp.options)).toBe(true);
});
