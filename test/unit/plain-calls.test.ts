/** Maps of floats in arrays take a shorter way to the same answers. */
import { createPyramidPool, createRuntime, type PyramidPool, type Runtime } from 'pyramid-pool';
import { afterEach, describe, expect, test } from 'vitest';
import { expectBits, expectSame } from './bits.js';
import { expectError, wrong } from './expect-error.js';
import { withExports } from './exports.js';
import { referenceBackward, referenceForward } from './reference.js';
import { canShareMemory } from './runtimes.js';

const levels = [4, 2, 1];
const grids = levels.map((n) => [n, n] as const);
const runtimes: Runtime[] = [];

afterEach(() => {
  for (const runtime of runtimes.splice(0)) runtime.dispose();
});

async function make(variant: 'scalar' | 'simd' | 'auto', options = {}): Promise<PyramidPool> {
  const runtime = await createRuntime({ variant });
  runtimes.push(runtime);
  return createPyramidPool({ levels, runtime, ...options });
}

type Dims = readonly [batch: number, channels: number, height: number, width: number];

const mapOf = (dims: readonly number[], seed = 1) => ({
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) =>
    i % 31 === 7 && seed % 3 === 0 ? Number.NaN : Math.fround(Math.round(Math.sin(i * i + seed) * 9) / 4),
  ),
  dims,
});

/** Lets a pool meet a size. Browsers make the second instance of a runtime with threads in the background. */
async function meet(pool: PyramidPool, dims: readonly number[]): Promise<void> {
  for (let turn = 0; turn < 4; turn++) {
    pool.forward(mapOf(dims));
    await new Promise((resolve) => setTimeout(resolve, turn < 2 ? 30 : 0));
  }
}

/** Whether a call read the type of a tensor, as the long way does. */
function watched<T extends object>(tensor: T): { tensor: T; reads: () => number } {
  let reads = 0;
  const watchedTensor = Object.defineProperty({ ...tensor }, 'type', {
    get() {
      reads++;
      return 'float32';
    },
  });
  return { tensor: watchedTensor as T, reads: () => reads };
}

function check(pool: PyramidPool, dims: Dims, seed: number): void {
  const map = mapOf(dims, seed);
  const expected = referenceForward(map.data, dims, grids, 'adaptive');
  const { output, indices } = pool.forwardWithIndices(map);
  const what = `[${dims}], seed ${seed}`;
  expectBits(output.data as Float32Array, expected.output, what);
  expectSame(indices.data, expected.indices, what);
  expectBits(pool.forward(map).data as Float32Array, expected.output, what);
  const gradOutput = mapOf(output.dims, seed + 1);
  const gradient = pool.backward(gradOutput, { dims, indices });
  const expectedGradient = referenceBackward(gradOutput.data, expected.indices, dims, grids, 'adaptive');
  expectBits(gradient.data as Float32Array, expectedGradient, what);
  expect(output).toEqual({
    data: output.data,
    dims: [dims[0], 21 * dims[1]],
    type: 'float32',
    size: output.data.length,
  });
  expect(indices).toEqual({ data: indices.data, dims: output.dims, type: 'int32', size: output.size });
  expect(gradient).toEqual({ data: gradient.data, dims: [...dims], type: 'float32', size: map.data.length });
}

describe.each(['scalar', 'simd', 'auto'] as const)('%s', (variant) => {
  test('calls go the short way', async () => {
    const pool = await make(variant);
    const dims = [2, 3, 9, 7];
    await meet(pool, [1, 1, 1, 1]);
    const map = watched(mapOf(dims));
    const { output, indices } = pool.forwardWithIndices(map.tensor);
    const gradOutput = watched(output);
    const places = watched(indices);
    pool.backward(gradOutput.tensor, { dims, indices: places.tensor });
    expect([map.reads(), gradOutput.reads(), places.reads()]).toEqual([0, 0, 0]);
  });

  test('has the bits of plain loops, for sizes in any order', async () => {
    const pool = await make(variant);
    for (let turn = 0; turn < 120; turn++) {
      const dims: Dims = [1 + (turn % 3), 1 + ((turn * 7) % 5), 1 + ((turn * 5) % 13), 1 + ((turn * 3) % 11)];
      check(pool, dims, turn % 40);
      check(pool, [1, 2, 8, 8], turn);
    }
  });

  test('an array that begins in the middle of its buffer', async () => {
    const pool = await make(variant);
    await meet(pool, [1, 1, 1, 1]);
    const map = mapOf([19, 16, 8, 8]);
    const buffer = new Float32Array(map.data.length + 5);
    buffer.set(map.data, 3);
    const part = { data: buffer.subarray(3, -2), dims: map.dims };
    expect(pool.forwardWithIndices(part)).toEqual(pool.forwardWithIndices(map));
  });

  test('items that pass in turns', async () => {
    const pool = await make(variant);
    await meet(pool, [1, 1, 1, 1]);
    // Two items at a time and one at the end; one at a time, as each is larger than a turn; all at once.
    for (const dims of [
      [5, 8, 15, 13],
      [3, 32, 20, 20],
      [37, 1, 3, 5],
    ] as const) {
      for (let seed = 0; seed < 6; seed++) check(pool, dims, seed);
      const { output, indices } = pool.forwardWithIndices(mapOf(dims));
      const last = indices.data.length - 1;
      const bad = { ...indices, data: indices.data.map((cell, i) => (i === last ? 7777 : cell)) };
      await expectError(
        () => pool.backward(output, { dims, indices: bad }),
        'invalid-indices',
        `[${last}] is 7777`,
      );
      check(pool, dims, 7);
    }
  });

  test('gives arrays of its own', async () => {
    const pool = await make(variant);
    const dims = [1, 2, 6, 5];
    await meet(pool, dims);
    const { output, indices } = pool.forwardWithIndices(mapOf(dims));
    const again = pool.forwardWithIndices(mapOf(dims));
    expect(again).toEqual({ output, indices });
    (output.data as Float32Array).fill(-1);
    indices.data.fill(-1);
    (output.dims as number[])[0] = 77;
    expect(pool.forwardWithIndices(mapOf(dims))).toEqual(again);
  });

  test('pools of other levels, layouts and orders meet the same sizes', async () => {
    const pool = await make(variant);
    const { runtime } = pool;
    const map = mapOf([2, 6, 6, 6]);
    const others = [
      pool,
      await createPyramidPool({ levels: [3, 1], runtime }),
      await createPyramidPool({ levels, runtime, layout: 'NHWC' }),
      await createPyramidPool({ levels, runtime, outputOrder: 'channels' }),
      await createPyramidPool({ levels, runtime, reduction: 'average' }),
    ];
    const first = others.map((other) => other.forward(map));
    for (let turn = 0; turn < 5; turn++) {
      await meet(pool, [1, 1, 200, 200]);
      expect(others.map((other) => other.forward(map))).toEqual(first);
    }
  });

  test('maps without a batch, of one channel, empty ones, and lists of maps', async () => {
    const pool = await make(variant);
    for (const dims of [
      [3, 5, 7],
      [1, 1, 5, 7],
      [0, 3, 5, 7],
    ]) {
      const first = pool.forwardWithIndices(mapOf(dims));
      await meet(pool, dims);
      expect(pool.forwardWithIndices(mapOf(dims))).toEqual(first);
      expect(pool.forward([mapOf(dims)]).data).toEqual(first.output.data);
      const { output, indices } = first;
      expect(pool.backward(output, { dims, indices }).dims).toEqual(dims);
    }
  });

  test('more sizes than are kept', async () => {
    const pool = await make(variant);
    for (let turn = 0; turn < 2; turn++) {
      for (let width = 1; width <= 300; width++) check(pool, [1, 1, 2, width], width);
    }
  });

  test('other element types of the same size', async () => {
    const pool = await make(variant);
    const dims = [1, 2, 6, 5];
    await meet(pool, dims);
    const bytes = { data: Uint8Array.from({ length: 60 }, (_, i) => (i * 37) % 256), dims };
    const halves = { data: Uint16Array.from({ length: 60 }, (_, i) => 0x3c00 + i), dims, type: 'float16' };
    expect(pool.forward(bytes).type).toBe('uint8');
    expect(pool.forward(halves).type).toBe('float16');
    expect(pool.forward(mapOf(dims)).type).toBe('float32');
  });

  test('what is wrong is said as ever', async () => {
    const pool = await make(variant);
    const dims = [1, 2, 6, 5];
    await meet(pool, dims);
    const map = mapOf(dims);
    const { output, indices } = pool.forwardWithIndices(map);
    const short = { ...map, data: map.data.subarray(1) };
    await expectError(() => pool.forward(short), 'invalid-data', 'input.data has 59 elements');
    await expectError(
      () => pool.forward(wrong({ ...map, data: [...map.data] })),
      'invalid-data',
      'input.data',
    );
    await expectError(() => pool.forward(wrong(null)), 'invalid-data', 'input');
    const bad = { ...indices, data: indices.data.map((cell, i) => (i === 5 ? 30 : cell)) };
    await expectError(() => pool.backward(output, { dims, indices: bad }), 'invalid-indices', '[5] is 30');
    const negative = { ...indices, data: indices.data.map((cell, i) => (i === 6 ? -1 : cell)) };
    await expectError(
      () => pool.backward(output, { dims, indices: negative }),
      'invalid-indices',
      '[6] is -1',
    );
    const flat = { ...output, dims: [42] };
    await expectError(() => pool.backward(flat, { dims, indices }), 'invalid-dims', 'gradOutput.dims');
    const out = { data: new Float32Array(60), dims };
    await expectError(() => pool.backward(output, wrong({ dims, indices, out })), 'invalid-options', 'third');
    await expectError(() => pool.backward(output, wrong({ dims })), 'invalid-data', 'indices');
    await expectError(
      () => pool.forward(wrong({ data: map.data, dims: [1n, 2n, 6n, 5n] })),
      'invalid-dims',
      'dims',
    );
    // An array whose own properties say otherwise is as long as it is.
    const false60 = Object.defineProperty(new Float32Array(600), 'length', { value: 60 });
    await expectError(() => pool.forward({ data: false60, dims }), 'invalid-data', '600');
    structuredClone(map.data.buffer, { transfer: [map.data.buffer] });
    await expectError(() => pool.forward(map), 'invalid-data', 'detached');
    expect(pool.backward(output, { dims, indices }).dims).toEqual(dims);
  });

  test('tensors in WASM memory are used in place', async () => {
    const pool = await make(variant);
    const dims = [1, 2, 6, 5];
    await meet(pool, dims);
    const map = mapOf(dims);
    const resident = pool.runtime.tensor(dims);
    resident.data.set(map.data);
    const output = pool.runtime.tensor([1, 42]);
    expect(pool.forward(resident, { out: output })).toBe(output);
    expect(pool.forward(resident)).toEqual(pool.forward(map));
    expect(pool.forward({ data: resident.data, dims })).toEqual(pool.forward(map));
    resident.dispose();
    await expectError(() => pool.forward(resident), 'disposed', 'tensor');
  });

  test('memory that grows, and calls that fill the block', async () => {
    const pool = await make(variant);
    const dims: Dims = [1, 2, 6, 5];
    await meet(pool, dims);
    for (let channels = 16; channels <= 1024; channels *= 4) {
      check(pool, [1, channels, 12, 12], 1);
      check(pool, dims, channels);
    }
  });

  test('pools and runtimes that were disposed', async () => {
    const pool = await make(variant);
    const other = await createPyramidPool({ levels, runtime: pool.runtime });
    const dims = [1, 2, 6, 5];
    await meet(pool, dims);
    await meet(other, dims);
    pool.dispose();
    await expectError(() => pool.forward(mapOf(dims)), 'disposed', 'pool');
    expect(other.forward(mapOf(dims)).size).toBe(42);
    other.runtime.dispose();
    await expectError(() => other.forward(mapOf(dims)), 'disposed', 'runtime');
  });
});

test.skipIf(!canShareMemory)('a failure in shared memory ends the calls in the other memory', async () => {
  let broken = false;
  const runtime = await withExports(
    () => createRuntime({ threads: 2 }),
    (called) => {
      if (broken && called === 'plan_new') throw new WebAssembly.RuntimeError('unreachable');
    },
  );
  runtimes.push(runtime);
  const pool = await createPyramidPool({ levels, runtime });
  const dims = [1, 2, 6, 5];
  await meet(pool, dims);
  expect(pool.forward(mapOf(dims)).size).toBe(42);
  broken = true;
  await expectError(
    () => pool.binBounds(7, 7) && pool.forward(runtime.tensor([1, 2, 7, 7])),
    'runtime-broken',
  );
  await expectError(() => pool.forward(mapOf(dims)), 'runtime-broken');
});

test('arguments that make calls of their own while they are read', async () => {
  const pool = await make('simd');
  const dims: Dims = [1, 2, 6, 5];
  await meet(pool, dims);
  const { output, indices } = pool.forwardWithIndices(mapOf(dims));
  const expected = pool.backward(output, { dims, indices });
  let channels = 8;
  // Larger maps than before: the block of memory that calls use in turn moves.
  const busy = Object.defineProperty({ ...output }, 'dims', {
    get() {
      channels *= 2;
      check(pool, [1, channels, 20, 20], 1);
      return output.dims;
    },
  });
  for (let turn = 0; turn < 3; turn++) expect(pool.backward(busy, { dims, indices })).toEqual(expected);
});
