/** Results that share memory with another tensor of their call are refused, for every kind of memory. */
import { createPyramidPool, createRoiPyramidPool } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { canShareMemory, useRuntime } from './runtimes.js';

const variants = ['simd', ...(canShareMemory ? (['simd-threads'] as const) : [])] as const;

describe.each(variants)('%s', (variant) => {
  const runtime = useRuntime({ variant, threads: variant === 'simd' ? 1 : 2 });
  const make = () => createPyramidPool({ levels: [2], runtime: runtime() });
  const dims = [1, 4, 4];
  const map = () => ({ data: Float32Array.from({ length: 16 }, (_, i) => i), dims });
  const pooled = [5, 7, 13, 15];
  const overlap = expect.objectContaining({
    code: 'overlap',
    message: expect.stringContaining('options.out'),
  });
  const floats = (buffer: ArrayBufferLike, at = 0, length = 4) => new Float32Array(buffer, at, length);

  test('output and indices over one buffer, wholly or in part', async () => {
    const pool = await make();
    for (const kind of [ArrayBuffer, ...(canShareMemory ? [SharedArrayBuffer] : [])]) {
      for (const at of [0, 4, 12]) {
        const buffer = new kind(32);
        const output = { data: floats(buffer), dims: [4] };
        const indices = { data: new Int32Array(buffer, at, 4), dims: [4] };
        expect(() => pool.forwardWithIndices(map(), { out: { output, indices } })).toThrow(overlap);
        expect([...new Int32Array(buffer)]).toEqual(Array(8).fill(0));
      }
      const buffer = new kind(32);
      const output = { data: floats(buffer), dims: [4] };
      const indices = { data: new Int32Array(buffer, 16, 4), dims: [4] };
      pool.forwardWithIndices(map(), { out: { output, indices } });
      expect([...output.data]).toEqual(pooled);
      expect([...indices.data]).toEqual(pooled);
    }
  });

  test.runIf(canShareMemory)('two objects for one shared memory', async () => {
    const pool = await make();
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 3, shared: true });
    const before = memory.buffer;
    memory.grow(1);
    expect(memory.buffer).not.toBe(before);
    new Uint8Array(before).fill(9, 0, 32);
    const out = (at: number) => ({
      output: { data: floats(before), dims: [4] },
      indices: { data: new Int32Array(memory.buffer, at, 4), dims: [4] },
    });
    expect(() => pool.forwardWithIndices(map(), { out: out(12) })).toThrow(overlap);
    expect([...new Uint8Array(before, 0, 32)]).toEqual(Array(32).fill(9));
    expect([...pool.forwardWithIndices(map(), { out: out(16) }).indices.data]).toEqual(pooled);
    // Same places of different memories.
    const other = { data: new Int32Array(new SharedArrayBuffer(16)), dims: [4] };
    pool.forwardWithIndices(map(), { out: { ...out(16), indices: other } });
    expect([...other.data]).toEqual(pooled);
  });

  test('a tensor in WASM memory beside a plain view of it', async () => {
    const pool = await make();
    using resident = runtime().tensor([4]);
    const { buffer, byteOffset } = resident.data;
    const indices = { data: new Int32Array(buffer, byteOffset, 4), dims: [4] };
    expect(() => pool.forwardWithIndices(map(), { out: { output: resident, indices } })).toThrow(overlap);
    using input = runtime().tensor(dims);
    const view = { data: floats(input.data.buffer, input.data.byteOffset + 8), dims: [4] };
    expect(() => pool.forward(input, { out: view })).toThrow(overlap);
    await expect(pool.forwardAsync(input, { out: view })).rejects.toEqual(overlap);
  });

  test('a result over a plain input', async () => {
    const pool = await make();
    const input = map();
    const before = [...input.data];
    for (const at of [0, 4, 48]) {
      const out = { data: floats(input.data.buffer, at), dims: [4] };
      expect(() => pool.forward(input, { out })).toThrow(overlap);
    }
    expect(() =>
      pool.forward([map(), input], { out: { data: floats(input.data.buffer, 0, 8), dims: [2, 4] } }),
    ).toThrow(overlap);
    expect([...input.data]).toEqual(before);
    const { output, indices } = pool.forwardWithIndices(input);
    const data = new Float32Array(20);
    const gradient = { data: data.subarray(0, 4), dims: [4] };
    const out = (at: number) => ({ out: { data: data.subarray(at, at + 16), dims } });
    expect(() => pool.backward(gradient, { dims, indices }, out(3))).toThrow(overlap);
    const reused = { data: floats(indices.data.buffer, 0, 4), dims: [1, 2, 2] };
    expect(() =>
      pool.backward(
        output,
        { dims: reused.dims, indices: { data: new Int32Array(4), dims: [4] } },
        { out: { data: output.data, dims: reused.dims } },
      ),
    ).toThrow(overlap);
    pool.backward(gradient, { dims, indices }, out(4));
  });

  test('gradients of a ragged batch', async () => {
    const pool = await make();
    const { output, indices } = pool.forwardWithIndices([map(), map()]);
    const context = { dims: [dims, dims], indices };
    const g = { data: new Float32Array(16), dims };
    expect(() => pool.backward(output, context, { out: [g, g] })).toThrow(overlap);
    const data = new Float32Array(32);
    const out = (at: number) => [0, at].map((first) => ({ data: data.subarray(first, first + 16), dims }));
    expect(() => pool.backward(output, context, { out: out(15) })).toThrow(overlap);
    expect(data.every((value) => value === 0)).toBe(true);
    pool.backward(output, context, { out: out(16) });
  });

  test('regions', async () => {
    const pool = await createRoiPyramidPool({ levels: [1], runtime: runtime() });
    const data = new Float32Array(16);
    const rois = { data: data.subarray(0, 5), dims: [1, 5] };
    expect(() => pool.forward(map(), rois, { out: { data: data.subarray(4, 5), dims: [1, 1] } })).toThrow(
      overlap,
    );
    const buffer = new ArrayBuffer(4);
    const out = {
      output: { data: floats(buffer, 0, 1), dims: [1, 1] },
      indices: { data: new Int32Array(buffer), dims: [1, 1] },
    };
    expect(() => pool.forwardWithIndices(map(), rois, { out })).toThrow(overlap);
    const { output, indices } = pool.forwardWithIndices(map(), rois);
    expect(() => pool.backward(output, { dims, rois, indices }, { out: { data, dims } })).toThrow(overlap);
    expect(pool.forward(map(), rois, { out: { data: data.subarray(5, 6), dims: [1, 1] } }).data[0]).toBe(0);
  });
});
