/** Maps of halves and bytes: the same maxima and indices as in float32, in the type of the input. */
import { createPyramidPool, createRoiPyramidPool, PyramidPoolError, type Tensor } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { expectSame } from './bits.js';
import { halfToNumber } from './halves.js';
import { testedRuntimes, useRuntime } from './runtimes.js';

const { Float16Array: Half } = globalThis as { Float16Array?: Float32ArrayConstructor };

/** Bits of halves, whatever array they are in. */
const bitsOf = (data: ArrayBufferView) =>
  Array.from(new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2));

const noise = (length: number, range: number) =>
  Array.from({ length }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 8) % range);

/** Maps of one type: the tensor, and its values. */
const kinds = {
  float16(length: number) {
    const bits = noise(length, 65536);
    return { data: Uint16Array.from(bits), type: 'float16', values: bits.map(halfToNumber) };
  },
  // NaN, and zeros of both signs, are found by other kernels.
  'finite float16'(length: number) {
    const bits = noise(length, 0x7bff).map((magnitude, i) => 1 + magnitude + (i % 3 ? 0 : 0x8000));
    return { data: Uint16Array.from(bits), type: 'float16', values: bits.map(halfToNumber) };
  },
  int8(length: number) {
    const values = noise(length, 256).map((value) => value - 128);
    return { data: Int8Array.from(values), type: 'int8', values };
  },
  uint8(length: number) {
    const values = noise(length, 256);
    return { data: Uint8Array.from(values), type: 'uint8', values };
  },
};

const numbers = ({ type, data }: Tensor) =>
  type === 'float16'
    ? bitsOf(data as ArrayBufferView).map(halfToNumber)
    : Array.from(data as ArrayLike<number>);

describe.each(testedRuntimes.filter(({ threads }) => !threads || threads === 2))(
  '$variant $threads',
  (options) => {
    const runtime = useRuntime(options);

    for (const [kind, make] of Object.entries(kinds)) {
      for (const [layout, outputOrder] of [
        ['NCHW', 'levels'],
        ['NHWC', 'levels'],
        ['NCHW', 'channels'],
        ['NHWC', 'channels'],
      ] as const) {
        test(`${kind} maps in ${layout}, ${outputOrder} give the maxima and indices of float32`, async () => {
          for (const dims of [
            [2, 19, 7, 5],
            [1, 3, 40, 33],
            [1, 33, 1, 2],
            [3, 40, 56, 56],
            [1, 130, 50, 47],
          ]) {
            const map = make(dims.reduce((a, b) => a * b));
            const spp = await createPyramidPool({
              levels: [4, 3, 1],
              layout,
              outputOrder,
              runtime: runtime(),
            });
            const expected = spp.forwardWithIndices({ data: Float32Array.from(map.values), dims });
            const { output, indices } = spp.forwardWithIndices({ ...map, dims });
            expect(output.type).toBe(map.type);
            expectSame(indices.data, expected.indices.data, 'indices');
            const same = (a: ArrayLike<number>, b: ArrayLike<number>) =>
              Array.from(a).every((value, i) => Object.is(value, b[i]));
            expect(same(numbers(output), expected.output.data)).toBe(true);
            expect(same(numbers(spp.forward({ ...map, dims })), expected.output.data)).toBe(true);
            expect(same(numbers(await spp.forwardAsync({ ...map, dims })), expected.output.data)).toBe(true);
          }
        });
      }

      test(`regions of ${kind} maps give the maxima and indices of float32`, async () => {
        const dims = [1, 11, 24, 17];
        const map = make(11 * 24 * 17);
        const corners = noise(500 * 4, 24);
        for (const layout of ['NCHW', 'NHWC'] as const) {
          for (const [count, outputOrder] of [
            [2, 'levels'],
            [500, 'levels'],
            [2, 'channels'],
            [500, 'channels'],
          ] as const) {
            const rois = {
              data: Float32Array.from({ length: count * 5 }, (_, i) =>
                i % 5 ? (corners[i - Math.ceil(i / 5)] as number) : 0,
              ),
              dims: [count, 5],
            };
            const spp = await createRoiPyramidPool({
              levels: [6, 3, 2, 1],
              layout,
              outputOrder,
              runtime: runtime(),
            });
            const expected = spp.forwardWithIndices({ data: Float32Array.from(map.values), dims }, rois);
            const { output, indices } = spp.forwardWithIndices({ ...map, dims }, rois);
            expectSame(indices.data, expected.indices.data, 'indices');
            const found = numbers(output);
            // Where nothing is chosen float32 has its own lowest value.
            expect(
              found.every((value, i) => indices.data[i] === -1 || Object.is(value, expected.output.data[i])),
            ).toBe(true);
            expectSame(numbers(spp.forward({ ...map, dims }, rois)), found, 'values alone');
          }
        }
      });
    }
  },
);

describe('types', () => {
  const runtime = useRuntime({ variant: 'simd' });
  const pool = (options: object = {}) => createPyramidPool({ levels: [1], runtime: runtime(), ...options });
  const halves = (...values: number[]) => Uint16Array.from(values);
  const dims = [1, 2, 2];

  test('halves come back as Float16Array where there is one', async () => {
    const spp = await pool();
    const output = spp.forward({ data: halves(0x3c00, 0x4000, 0xbc00, 0), dims, type: 'float16' } as never);
    expect(output.type).toBe('float16');
    expect(output.data).toBeInstanceOf(Half ?? Uint16Array);
    expect(bitsOf(output.data as ArrayBufferView)).toEqual([0x4000]);
    if (!Half) return;
    const input = { data: Half.from([1, 2, -1, 0]), dims };
    expectSame(spp.forward(input).data, [2], 'output');
    const out = { data: new Uint16Array(1), dims: [1], type: 'float16' };
    spp.forward(input, { out });
    expect(out.data[0], 'bits are not converted').toBe(0x4000);
  });

  test('resident tensors of every type are read and written in place', async () => {
    const spp = await pool();
    for (const type of ['float32', 'float16', 'int8', 'uint8'] as const) {
      using x = runtime().tensor(dims, type);
      using y = runtime().tensor([1], type);
      const raw = type === 'float16' ? new Uint16Array(x.data.buffer, x.data.byteOffset, 4) : x.data;
      raw.set(type === 'float16' ? [0x3c00, 0x4000, 0, 0] : [1, 2, 0, 0]);
      expect(spp.forward(x, { out: y })).toBe(y);
      expect(type === 'float16' ? bitsOf(y.data)[0] : y.data[0]).toBe(type === 'float16' ? 0x4000 : 2);
    }
  });

  test('gradients in halves are rounded at every addition, as in PyTorch', async () => {
    const spp = await pool({ levels: [64] });
    const one = { data: halves(...new Array(64 * 64).fill(0x3c00)), dims: [64 * 64], type: 'float16' };
    const indices = { data: new Int32Array(64 * 64), dims: [64 * 64] };
    const gradient = spp.backward(one as never, { dims: [1, 64, 64], indices }) as unknown as Tensor;
    // 2048 + 1 is 2048 in halves.
    expect(numbers(gradient)[0]).toBe(2048);
    expect(
      numbers(gradient)
        .slice(1)
        .every((value) => value === 0),
    ).toBe(true);
  });

  test('averages of halves are those of float32, rounded once', async () => {
    for (const layout of ['NCHW', 'NHWC']) {
      const spp = await pool({ levels: [3, 1], reduction: 'average', layout });
      const data = noise(2 * 9 * 20, 0x3c00);
      const map = {
        data: halves(...data),
        dims: layout === 'NCHW' ? [20, 9, 2] : [9, 2, 20],
        type: 'float16',
      };
      const values = Float32Array.from(data, halfToNumber);
      const expected = spp.forward({ data: values, dims: map.dims });
      const output = numbers(spp.forward(map as never) as unknown as Tensor);
      output.forEach((value, i) => {
        expect(Math.abs(value - (expected.data[i] as number))).toBeLessThanOrEqual(
          (expected.data[i] as number) / 2048,
        );
      });
      const gy = { data: halves(...noise(output.length, 0x3c00)), dims: expected.dims, type: 'float16' };
      const wide = spp.backward(
        { data: Float32Array.from(gy.data, halfToNumber), dims: gy.dims },
        { dims: map.dims },
      );
      const gradient = numbers(spp.backward(gy as never, { dims: map.dims }) as unknown as Tensor);
      gradient.forEach((value, i) => {
        const exact = wide.data[i] as number;
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(exact / 2048 + 2 ** -25);
      });
    }
  });

  test.each<[string, () => Promise<unknown>]>([
    [
      'averages of bytes',
      async () => (await pool({ reduction: 'average' })).forward({ data: new Int8Array(4), dims }),
    ],
    [
      'words that are not said to be halves',
      async () => (await pool()).forward({ data: new Uint16Array(4), dims }),
    ],
    ['doubles', async () => (await pool()).forward({ data: new Float64Array(4), dims })],
    [
      'gradients in bytes',
      async () =>
        (await pool()).backward(
          { data: new Int8Array(1), dims: [1] },
          { dims, indices: { data: new Int32Array(1), dims: [1] } },
        ),
    ],
    [
      'maps of different types',
      async () =>
        (await pool()).forward([
          { data: new Int8Array(4), dims },
          { data: new Uint8Array(4), dims },
        ]),
    ],
    [
      'an out of another type',
      async () =>
        (await pool()).forward(
          { data: new Int8Array(4), dims },
          { out: { data: new Float32Array(1), dims: [1] } },
        ),
    ],
  ])('%s are refused', async (_, call) => {
    const error = await call().then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(PyramidPoolError);
    expect((error as PyramidPoolError).code).toBe('invalid-data');
  });

  test('clamped bytes of an image are bytes', async () => {
    const spp = await pool({ layout: 'NHWC' });
    const output = spp.forward({ data: Uint8ClampedArray.of(1, 2, 3, 4, 9, 8, 7, 6), dims: [1, 2, 4] });
    expect(output.type).toBe('uint8');
    expectSame(output.data, [9, 8, 7, 6], 'output');
  });
});

describe('along one axis', () => {
  const runtime = useRuntime({ variant: 'simd' });
  const pool = (options: object = {}) =>
    createPyramidPool({ levels: [4, 2, 1], spatialDims: 1, runtime: runtime(), ...options });

  test('a sequence of any length becomes a vector of one length', async () => {
    const spp = await pool();
    const flat = await createPyramidPool({ levels: [[1, 4], [1, 2], 1], runtime: runtime() });
    for (const length of [1, 3, 10, 57]) {
      const data = Float32Array.from({ length: 2 * 5 * length }, (_, i) => Math.sin(i * i));
      const { output, indices } = spp.forwardWithIndices({ data, dims: [2, 5, length] });
      const expected = flat.forwardWithIndices({ data, dims: [2, 5, 1, length] });
      expect(output.dims).toEqual([2, 35]);
      expectSame(output.data, expected.output.data, 'output');
      expectSame(indices.data, expected.indices.data, 'indices');
      const gradient = spp.backward(output, { dims: [2, 5, length], indices });
      expect(gradient.dims).toEqual([2, 5, length]);
    }
    expect(spp.forward({ data: new Float32Array(12), dims: [3, 4] }).dims).toEqual([21]);
    expect(spp.outputDims([2, 5, 9])).toEqual([2, 35]);
  });

  test('channels may come last', async () => {
    const spp = await pool({ layout: 'NHWC', levels: [1] });
    expectSame(spp.forward({ data: Float32Array.of(1, 6, 5, 2, 3, 4), dims: [3, 2] }).data, [5, 6], 'output');
  });

  test('bin bounds are asked for by length', async () => {
    expect((await pool({ levels: [2] })).binBounds(5)).toEqual([
      {
        rows: [[0, 1]],
        columns: [
          [0, 3],
          [2, 5],
        ],
      },
    ]);
  });

  test.each<[string, () => Promise<unknown>]>([
    [
      '[N, C, L] or [C, L]',
      async () => (await pool()).forward({ data: new Float32Array(4), dims: [1, 1, 2, 2] }),
    ],
    ['a whole number', () => pool({ levels: [[1, 2]] })],
    ['1 or 2', () => pool({ spatialDims: 3 })],
    ['length is undefined', async () => (await pool()).binBounds(undefined as never)],
  ])('what does not fit is refused: %s', async (words, call) => {
    const error = await call().then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(PyramidPoolError);
    expect((error as PyramidPoolError).message).toContain(words);
  });
});
