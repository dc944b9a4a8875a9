/**
 * Synchronous calls with plain arrays in a runtime that has chosen threads by itself: they run over memory that is not shared.
 */
import { createPyramidPool, createRuntime, type Runtime } from 'pyramid-pool';
import { afterEach, describe, expect, test } from 'vitest';
import { referenceBackward, referenceForward } from './reference.js';
import { canShareMemory } from './runtimes.js';

const levels = [4, 2, 1];
const grids = levels.map((n) => [n, n] as const);
const runtimes: Runtime[] = [];

afterEach(() => {
  for (const runtime of runtimes.splice(0)) runtime.dispose();
});

async function make(options?: Parameters<typeof createRuntime>[0]) {
  const runtime = await createRuntime({ threads: 2, ...options });
  runtimes.push(runtime);
  return { runtime, pool: await createPyramidPool({ levels, runtime }) };
}

/** Maps of many sizes, so that memory has to grow. */
const mapOf = (channels: number) => ({
  data: Float32Array.from({ length: channels * 15 * 17 }, (_, i) => Math.fround(Math.sin(i * i) * 8)),
  dims: [1, channels, 15, 17] as const,
});

/** Browsers make the second instance in the background. */
const moment = () => new Promise((resolve) => setTimeout(resolve, 50));

/** By how many bytes the runtime's own memory grows with larger and larger maps, but for the first calls. */
async function growth({ pool, runtime }: Awaited<ReturnType<typeof make>>): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    pool.forward(mapOf(4));
    await moment();
  }
  const before = runtime.memory.buffer.byteLength;
  for (let channels = 250; channels <= 4000; channels *= 2) pool.forward(mapOf(channels));
  return runtime.memory.buffer.byteLength - before;
}

describe.skipIf(!canShareMemory)('calls with plain arrays', () => {
  test('leave shared memory as it is', async () => {
    expect(await growth(await make())).toBe(0);
  });

  test('use shared memory where threads were asked for by name', async () => {
    expect(await growth(await make({ variant: 'simd-threads' }))).toBeGreaterThan(0);
  });

  test('give the same bits in turns with tensors in WASM memory and asynchronous calls', async () => {
    const { pool, runtime } = await make();
    for (let turn = 0; turn < 6; turn++) {
      const map = mapOf(3 + turn);
      const expected = referenceForward(map.data, map.dims, grids, 'adaptive');
      const resident = runtime.tensor(map.dims);
      resident.data.set(map.data);
      const gradOutput = { data: expected.output, dims: pool.outputDims(map.dims) };
      const gradInput = referenceBackward(expected.output, expected.indices, map.dims, grids, 'adaptive');
      for (const input of [map, resident, { data: resident.data, dims: map.dims }]) {
        const { output, indices } = pool.forwardWithIndices(input);
        expect(output.data).toEqual(expected.output);
        expect(indices.data).toEqual(expected.indices);
        expect((await pool.forwardAsync(input)).data).toEqual(expected.output);
        expect(pool.backward(gradOutput, { dims: map.dims, indices }).data).toEqual(gradInput);
        expect(pool.backward(gradOutput, { dims: map.dims, indices }, { out: resident })).toBe(resident);
        expect(resident.data).toEqual(gradInput);
        resident.data.set(map.data);
      }
      resident.dispose();
    }
  });

  test('check their arguments alike', async () => {
    const { pool } = await make();
    const map = mapOf(4);
    for (let turn = 0; turn < 3; turn++) {
      const { output, indices } = pool.forwardWithIndices(map);
      indices.data[5] = 15 * 17;
      expect(() => pool.backward(output, { dims: map.dims, indices })).toThrow(
        'indices.data[5] is 255, but a plane of 15 x 17 has 255 cells',
      );
      const out = { data: map.data.subarray(0, 84), dims: [1, 84] };
      expect(() => pool.forward(map, { out })).toThrow(expect.objectContaining({ code: 'overlap' }));
    }
  });

  test('end with their runtime', async () => {
    const { pool, runtime } = await make();
    for (let turn = 0; turn < 3; turn++) pool.forward(mapOf(4));
    runtime.dispose();
    expect(() => pool.forward(mapOf(4))).toThrow(expect.objectContaining({ code: 'disposed' }));
  });

  test('go to shared memory where the other cannot grow, or cannot be had', async () => {
    const { Memory } = WebAssembly;
    const map = mapOf(1200);
    const expected = referenceForward(map.data, map.dims, grids, 'adaptive').output;
    for (const fail of [false, true]) {
      const { pool } = await make();
      pool.forward(map);
      WebAssembly.Memory = class extends Memory {
        constructor({ initial }: WebAssembly.MemoryDescriptor) {
          if (fail) throw new RangeError('no memory');
          super({ initial, maximum: initial });
        }
      };
      try {
        for (let turn = 0; turn < 3; turn++) {
          expect(pool.forward(map).data).toEqual(expected);
          await moment();
        }
      } finally {
        WebAssembly.Memory = Memory;
      }
    }
  });
});
