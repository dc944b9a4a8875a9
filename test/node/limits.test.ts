/** Sizes near every limit: each call gives right values or an error with a code, and nothing else in memory is written. */
import fc from 'fast-check';
import {
  createPyramidPool,
  createRoiPyramidPool,
  type Layout,
  PyramidPoolError,
  type ResidentTensor,
  type Runtime,
  type TensorLike,
} from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { fill } from '../corpus/random.mjs';
import { budget, timeout } from '../fuzz/budget.js';
import { expectSame } from '../unit/bits.js';
import { rules } from '../unit/reference.js';
import { checkedRuntimes, useRuntime } from '../unit/runtimes.js';

/** Products of sizes lie near these: what 31 and 32 bits count, in elements and in bytes. */
const limits = [2 ** 29, 2 ** 30, 2 ** 31, 2 ** 32, 2 ** 33, 2 ** 34];
/** Of output that is made: what takes longer must be refused. */
const MOST_BINS = 800_000;
const MARK = 7;

interface Case {
  readonly dims: readonly [batch: number, channels: number, height: number, width: number];
  readonly levels: [rows: number, columns: number][];
  readonly layout: Layout;
  readonly type: 'float32' | 'uint8';
}

const layout = fc.constantFrom<Layout>('NCHW', 'NHWC');
const type = fc.constantFrom<Case['type']>('float32', 'float32', 'uint8');
const near = fc.integer({ min: -2, max: 2 });

/** Few cells under many bins, so many that the working memory of a kernel is near a limit. */
const manyBins: fc.Arbitrary<Case> = fc
  .record({
    size: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 128 })),
    limit: fc.constantFrom(...limits),
    together: fc.constantFrom(1, 2, 4, 16, 32, 64, 128, 256, 1024),
    near,
    across: fc.integer({ min: 1, max: 3 }),
    upright: fc.boolean(),
    more: fc.constantFrom<[number, number][]>([], [[1, 1]], [[1, 3]]),
    layout,
    type,
  })
  .map(({ size: [height, width], limit, together, near, across, upright, more, layout, type }) => {
    const bins = Math.max(1, Math.ceil(limit / (together * width * across)) + near);
    const level: [number, number] = upright ? [bins, across] : [across, bins];
    return { dims: [1, 1, height, width], levels: [level, ...more], layout, type };
  });

/** Long maps, for which the product of columns and strips needs more than 32 bits. */
const longMaps: fc.Arbitrary<Case> = fc
  .record({
    width: fc.integer({ min: 500_000, max: 1_500_000 }),
    each: fc.constantFrom(2, 3, 7, 1000),
    layout,
    type,
  })
  .map(({ width, each, layout, type }) => ({
    dims: [1, 1, 1, width],
    levels: [[1, Math.ceil(width / each)]],
    layout,
    type,
  }));

/** Sizes that no memory holds, of batches that are empty too. */
const hugeSizes: fc.Arbitrary<Case> = fc
  .record({
    sizes: fc.tuple(
      ...([0, 1, 2, 3, 4, 5] as const).map(() =>
        fc.tuple(fc.constantFrom(1, 2, 3, 2 ** 16, 2 ** 29, 2 ** 30, 2 ** 31 - 1), near),
      ),
    ),
    empty: fc.boolean(),
    layout,
    type,
  })
  .map(({ sizes, empty, layout, type }) => {
    const [batch, channels, height, width, rows, columns] = sizes.map(([size, near]) =>
      Math.min(Math.max(size + near, 1), 2 ** 31 - 1),
    ) as [number, number, number, number, number, number];
    return {
      dims: [empty ? 0 : batch, channels, height, width],
      levels: [[rows, columns]],
      layout,
      type,
    };
  });

const dimsOf = ({ dims: [batch, channels, height, width], layout }: Case) =>
  layout === 'NCHW' ? [batch, channels, height, width] : [batch, height, width, channels];

/** A map of one plane; or of nothing, where it would be larger than what is tried. */
function mapOf(drawn: Case): TensorLike {
  const elements = drawn.dims.reduce((product, size) => product * size, 1);
  const numbers = fill('unit', 1, elements <= 2_000_000 ? elements : 0);
  const data = drawn.type === 'float32' ? numbers : Uint8Array.from(numbers, (number) => 100 + 99 * number);
  return { data, dims: dimsOf(drawn) };
}

/** Fails unless some hundred bins of the only plane hold the greatest of their cells, at the index given. */
function expectMaxima(
  { dims: [, , height, width], levels }: Case,
  input: ArrayLike<number>,
  output: ArrayLike<number>,
  indices: ArrayLike<number>,
): void {
  let first = 0;
  for (const [rows, columns] of levels) {
    const bins = rows * columns;
    for (let k = 0; k < 200; k++) {
      const bin = Math.floor((k * (bins - 1)) / 199);
      const [top, bottom] = rules.adaptive(height, rows, Math.floor(bin / columns)) as [number, number];
      const [left, right] = rules.adaptive(width, columns, bin % columns) as [number, number];
      let best = top * width + left;
      for (let y = top; y < bottom; y++) {
        for (let cell = y * width + left; cell < y * width + right; cell++) {
          if ((input[cell] as number) > (input[best] as number)) best = cell;
        }
      }
      const at = first + bin;
      if (output[at] !== input[best] || indices[at] !== best) {
        expect.fail(
          `bin ${bin} of ${rows} x ${columns} is ${output[at]} from ${indices[at]}, not ${input[best]} from ${best}`,
        );
      }
    }
    first += bins;
  }
}

/** Makes all calls for a case. Gives the code of the error if the case is refused. */
async function tryCase(drawn: Case, runtime: Runtime): Promise<string | undefined> {
  const { levels, layout, dims } = drawn;
  if (levels.reduce((sum, [rows, columns]) => sum + rows * columns, 0) > MOST_BINS && dims[0] * dims[1] === 1)
    return;
  try {
    using pool = await createPyramidPool({ levels, layout, runtime });
    using averages = await createPyramidPool({ levels, layout, reduction: 'average', runtime });
    const map = mapOf(drawn);
    const { output, indices } = pool.forwardWithIndices(map);
    if (dims.every((size, axis) => axis > 1 || size === 1)) {
      expectMaxima(drawn, map.data as ArrayLike<number>, output.data, indices.data);
      expectSame(pool.forward(map).data as Float32Array, output.data as Float32Array, 'forward');
    }
    if (drawn.type === 'float32') {
      pool.backward(output, { dims: map.dims, indices });
      averages.backward(averages.forward(map), { dims: map.dims });
    }
    if (dims[0] === 0) return;
    using regions = await createRoiPyramidPool({ levels, layout, runtime });
    const rois = { data: Float32Array.of(0, 0, 0, dims[3], dims[2]), dims: [1, 5] };
    const found = regions.forwardWithIndices(map, rois);
    if (drawn.type === 'float32')
      regions.backward(found.output, { dims: map.dims, rois, indices: found.indices });
  } catch (error) {
    if (!(error instanceof PyramidPoolError)) throw error;
    return error.code;
  }
}

/** Tensors between which calls take and give back memory. */
function makeCanaries(runtime: Runtime): ResidentTensor[] {
  return [2 ** 20, 1000, 2 ** 16].map((size) => {
    const tensor = runtime.tensor([size]);
    tensor.data.fill(MARK);
    return tensor;
  });
}

function isWhole({ data }: ResidentTensor): boolean {
  for (let i = 0; i < data.length; i++) if (data[i] !== MARK) return false;
  return true;
}

describe.each([{ variant: 'scalar' } as const, { variant: 'simd' } as const, ...checkedRuntimes])(
  '$variant',
  (options) => {
    const runtime = useRuntime(options);

    test('a level of 699051 rows writes nothing but its output', async () => {
      const canaries = makeCanaries(runtime());
      const drawn: Case = { dims: [1, 1, 1, 96], levels: [[699_051, 1]], layout: 'NCHW', type: 'float32' };
      const before = runtime().memory.buffer.byteLength;
      expect(await tryCase(drawn, runtime())).toBeUndefined();
      expect(canaries.every(isWhole)).toBe(true);
      // Values and indices, forward and backward: not the gigabytes that rows of 96 cells for each bin would take.
      expect(runtime().memory.buffer.byteLength - before).toBeLessThan(100e6);
      for (const canary of canaries) canary.dispose();
    });

    test.each([
      ['many bins', manyBins, 4],
      ['long maps', longMaps, 1],
      ['huge sizes', hugeSizes, 40],
    ])(
      '%s give right values or errors with codes, and touch no other tensor',
      { timeout },
      async (_, cases, few) => {
        const canaries = makeCanaries(runtime());
        const property = fc.asyncProperty(cases, async (drawn) => {
          await tryCase(drawn, runtime());
          expect(canaries.every(isWhole)).toBe(true);
        });
        await fc.assert(property, budget(few, 0.3));
        for (const canary of canaries) canary.dispose();
      },
    );

    test('a plan takes at most 16 bytes a bin, and leaves room for a second call with indices', {
      timeout,
    }, async () => {
      const pages = () => runtime().memory.buffer.byteLength;
      for (const [height, width, rows, columns] of [
        [587, 369, 353, 221],
        [1, 1_000_000, 1, 400_000],
        [1, 400_000, 1, 50_000],
        [300, 5, 2000, 301],
      ] as const) {
        using small = await createPyramidPool({ levels: [1], runtime: runtime() });
        const map = { data: new Float32Array(height * width).fill(1), dims: [1, height, width] };
        small.forwardWithIndices(map);
        using pool = await createPyramidPool({ levels: [[rows, columns]], runtime: runtime() });
        const before = pages();
        using output = runtime().tensor([rows * columns]);
        using indices = runtime().tensor([rows * columns], 'int32');
        const buffers = pages();
        pool.forwardWithIndices(map, { out: { output, indices } });
        const taken = pages() - Math.max(before, buffers);
        // Working memory is a reduced row of values and of indices; pages come in steps.
        expect(taken, `${rows} x ${columns}`).toBeLessThanOrEqual(16 * rows * columns + 8 * width + 2 ** 20);
        pool.forwardWithIndices(map, { out: { output, indices } });
      }
    });
  },
);
