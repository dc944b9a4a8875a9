/** Right calls of the whole public API, drawn from a seed, with checks of their answers. */
import {
  attachRuntime,
  chooseScale,
  createPyramidPool,
  createRoiPyramidPool,
  createRuntime,
  type Runtime,
  rmacRegions,
  scaleWindow,
} from 'pyramid-pool';
import { expectBits, expectSame } from '../unit/bits.js';
import { answersOf, type Case } from '../unit/cases.js';
import type { Fixture } from './fixture.js';

/** A call that would succeed as it stands. */
export interface ValidCall {
  readonly args: unknown[];
  run(...args: never[]): unknown;
  /** Whether the answer is right. */
  check(answer: never): void;
  /** What was made for it. */
  end?(): void;
}

type Make = (fixture: Fixture, drawn: Case, later: boolean) => Promise<ValidCall> | ValidCall;

const nothing = () => {};
const pick = <T>(from: readonly T[], seed: number) => from[seed % from.length] as T;
const runtimeOf = ({ runtimes }: Fixture, { seed }: Case) => pick(runtimes, seed);

/** A pool for the case, in one of the fixture's runtimes. */
async function poolOf(
  fixture: Fixture,
  { levels, rule: bins, layout, outputOrder, seed }: Case,
  reduction = 'max' as const,
) {
  const { runtime } = pick(fixture.runtimes, seed);
  return createPyramidPool({ levels, bins, layout, outputOrder, reduction, runtime });
}

const forward: Make = async (fixture, drawn, later) => {
  const pool = await poolOf(fixture, drawn);
  const { input, output } = answersOf(drawn);
  const out = { data: new Float32Array(output.length), dims: pool.outputDims(input.dims) };
  const options = drawn.seed % 2 ? { out } : {};
  return {
    args: [input, options],
    run: later ? pool.forwardAsync.bind(pool) : pool.forward.bind(pool),
    check: ({ data }: { data: Float32Array }) => expectBits(data, output, 'forward'),
  };
};

const forwardWithIndices: Make = async (fixture, drawn, later) => {
  const pool = await poolOf(fixture, drawn);
  const { input, output, indices } = answersOf(drawn);
  const dims = pool.outputDims(input.dims);
  const out = {
    output: { data: new Float32Array(output.length), dims },
    indices: { data: new Int32Array(output.length), dims: [...dims] },
  };
  return {
    args: [input, drawn.seed % 2 ? { out } : {}],
    run: later ? pool.forwardWithIndicesAsync.bind(pool) : pool.forwardWithIndices.bind(pool),
    check: (found: { output: { data: Float32Array }; indices: { data: Int32Array } }) => {
      expectBits(found.output.data, output, 'output');
      expectSame(found.indices.data, indices, 'indices');
    },
  };
};

const backward: Make = async (fixture, drawn, later) => {
  const pool = await poolOf(fixture, drawn);
  const { input, gradOutput, indices, gradient } = answersOf(drawn);
  const context = { dims: input.dims, indices: { data: indices, dims: [...gradOutput.dims] } };
  const out = { data: new Float32Array(gradient.length), dims: [...input.dims] };
  return {
    args: [gradOutput, context, drawn.seed % 2 ? { out } : {}],
    run: later ? pool.backwardAsync.bind(pool) : pool.backward.bind(pool),
    check: ({ data }: { data: Float32Array }) => expectBits(data, gradient, 'gradient'),
  };
};

const ragged: Make = async (fixture, drawn, later) => {
  const pool = await poolOf(fixture, drawn);
  const { input, output } = answersOf(drawn);
  const inputs = [input, { ...input, dims: [...input.dims] }];
  return {
    args: [inputs, {}],
    run: later ? pool.forwardAsync.bind(pool) : pool.forward.bind(pool),
    check: ({ data }: { data: Float32Array }) =>
      expectBits(data, Float32Array.of(...output, ...output), 'rows'),
  };
};

const raggedBackward: Make = async (fixture, drawn, later) => {
  const pool = await poolOf(fixture, drawn);
  const { input, gradOutput, indices, gradient } = answersOf(drawn);
  const [rows, row] = gradOutput.dims as [number, number];
  const dims = [2 * rows, row];
  const twice = {
    gradient: { data: Float32Array.of(...gradOutput.data, ...gradOutput.data), dims },
    indices: { data: Int32Array.of(...indices, ...indices), dims: [...dims] },
  };
  const out = [0, 1].map(() => ({ data: new Float32Array(gradient.length), dims: [...input.dims] }));
  const context = { dims: [input.dims, [...input.dims]], indices: twice.indices };
  return {
    args: [twice.gradient, context, drawn.seed % 2 ? { out } : {}],
    run: later ? pool.backwardAsync.bind(pool) : pool.backward.bind(pool),
    check: (found: { data: Float32Array }[]) => {
      for (const { data } of found) expectBits(data, gradient, 'gradients');
    },
  };
};

const average: Make = async (fixture, drawn, later) => {
  const { levels, rule: bins, layout, outputOrder } = drawn;
  const { runtime } = runtimeOf(fixture, drawn);
  const pool = await createPyramidPool({ levels, bins, layout, outputOrder, reduction: 'average', runtime });
  const { input, gradOutput } = answersOf(drawn);
  if (drawn.seed % 2) {
    return {
      args: [input],
      run: later ? pool.forwardAsync.bind(pool) : pool.forward.bind(pool),
      check: nothing,
    };
  }
  return {
    args: [gradOutput, { dims: input.dims }],
    run: later ? pool.backwardAsync.bind(pool) : pool.backward.bind(pool),
    check: nothing,
  };
};

/** One region for each item, which is the whole map. The answer is that of the map itself. */
const regions: Make = async (fixture, drawn, later) => {
  const { layout, outputOrder, seed } = drawn;
  const { runtime } = runtimeOf(fixture, drawn);
  const [batch, channels, height, width] = drawn.shape;
  const whole = { ...drawn, rule: 'adaptive', kind: 'ties' } as const;
  const { input, output, indices, gradOutput, gradient } = answersOf(whole);
  const pool = await createRoiPyramidPool({
    levels: drawn.levels,
    layout,
    outputOrder,
    rule: 'spp-net',
    offset0: 1,
    offset: 0,
    step: 1,
    runtime,
  });
  const corners = [0, 0, 0, width - 1, height - 1];
  const data = Float32Array.from({ length: 5 * batch }, (_, i) =>
    i % 5 === 0 ? Math.floor(i / 5) : (corners[i % 5] as number),
  );
  const rois = { data, dims: [batch, 5] };
  if (seed % 3 === 0) {
    const context = { dims: input.dims, rois, indices: { data: indices, dims: [...gradOutput.dims] } };
    return {
      args: [gradOutput, context],
      run: later ? pool.backwardAsync.bind(pool) : pool.backward.bind(pool),
      check: ({ data }: { data: Float32Array }) => expectBits(data, gradient, 'gradient of regions'),
    };
  }
  const out = { data: new Float32Array(output.length), dims: [batch, output.length / (batch || 1)] };
  const isOut = seed % 3 === 1 && batch > 0 && channels > 0;
  return {
    args: [input, rois, isOut ? { out } : {}],
    run: later ? pool.forwardAsync.bind(pool) : pool.forward.bind(pool),
    check: ({ data }: { data: Float32Array }) => expectBits(data, output, 'regions'),
  };
};

/** Regions that are sampled, and those whose bins are averaged: a region that is one cell gives that cell. */
const averagedRegions: Make = async (fixture, drawn, later) => {
  const { layout, seed, shape } = drawn;
  const [batch, channels, height, width] = shape;
  const { runtime } = runtimeOf(fixture, drawn);
  const rule = pick(
    [
      { rule: 'roi-align', samplingRatio: 1, aligned: true },
      { rule: 'roi-pool', reduction: 'average' },
      { rule: 'spp-net', offset0: 1, offset: 0, step: 1, reduction: 'average' },
    ] as const,
    seed,
  );
  const pool = await createRoiPyramidPool({ levels: [1], ...rule, layout, runtime });
  const values = Float32Array.from({ length: batch * channels * height * width }, (_, i) => i % 100);
  const dims = layout === 'NCHW' ? [batch, channels, height, width] : [batch, height, width, channels];
  // RoIAlign places cells by their centres, from half a cell before to half a cell behind.
  const end = rule.rule === 'roi-align' ? 1 : 0;
  const rois = {
    data: Float32Array.from({ length: 5 * batch }, (_, i) => (i % 5 === 0 ? i / 5 : i % 5 > 2 ? end : 0)),
    dims: [batch, 5],
  };
  const first = (item: number, channel: number) =>
    layout === 'NCHW'
      ? (item * channels + channel) * height * width
      : item * height * width * channels + channel;
  const expected = Float32Array.from(
    { length: batch * channels },
    (_, i) => values[first(Math.floor(i / channels), i % channels)] as number,
  );
  if (seed % 4 === 0) {
    const gradient = { data: expected, dims: [batch, channels] };
    return {
      args: [gradient, { dims, rois }],
      run: later ? pool.backwardAsync.bind(pool) : pool.backward.bind(pool),
      check: ({ data }: { data: Float32Array }) =>
        expectSame(
          expected.map((_, i) => data[first(Math.floor(i / channels), i % channels)] as number),
          expected,
          'gradient of one cell',
        ),
    };
  }
  return {
    args: [{ data: values, dims }, rois],
    run: later ? pool.forwardAsync.bind(pool) : pool.forward.bind(pool),
    check: ({ data }: { data: Float32Array }) => expectSame(data, expected, 'regions of one cell'),
  };
};

const makePool: Make = (fixture, drawn) => {
  const { levels, rule: bins, layout, outputOrder } = drawn;
  const { runtime } = runtimeOf(fixture, drawn);
  const whole = { levels, bins, layout, outputOrder, reduction: 'max', spatialDims: 2, runtime };
  const roi = { levels, layout, outputOrder, rule: 'roi-pool', spatialScale: 0.5, runtime };
  const isRoi = drawn.seed % 2 === 1;
  return {
    args: [isRoi ? roi : whole],
    run: isRoi ? createRoiPyramidPool : createPyramidPool,
    check: (pool: object) => {
      if (!('forwardWithIndices' in pool)) throw new Error('no pool came out');
    },
  };
};

const makeRuntime: Make = (_, { seed }) => ({
  args: [
    { variant: pick(['scalar', 'simd'], seed), threads: 1, onFallback: nothing, workerUrl: '/worker.js' },
  ],
  async run(...args: Parameters<typeof createRuntime>) {
    const runtime = await createRuntime(...args);
    runtime.dispose();
    return runtime;
  },
  check: (runtime: object) => {
    if (!('tensor' in runtime)) throw new Error('no runtime came out');
  },
});

const tensor: Make = (fixture, drawn) => {
  const { runtime } = runtimeOf(fixture, drawn);
  return {
    args: [[...drawn.shape], pick(['float32', 'float16', 'int8', 'uint8', 'int32'], drawn.seed)],
    run(...args: Parameters<Runtime['tensor']>) {
      using made = runtime.tensor(...args);
      if (made.data.length !== made.size || [...made.data].some((value) => value !== 0)) {
        throw new Error('a tensor of other than zeros');
      }
    },
    check: nothing,
  };
};

const adopt: Make = (fixture, drawn) => {
  const { runtime } = fixture.runtimes.at(-1) as Fixture['runtimes'][number];
  if (runtime.variant !== 'simd-threads') return sizes(fixture, drawn, false);
  const made = runtime.tensor([2, 3]);
  return {
    args: [{ ...made.handle() }],
    run: (...args: Parameters<Runtime['adopt']>) => runtime.adopt(...args)[Symbol.dispose](),
    check: nothing,
    end: () => made.dispose(),
  };
};

const attach: Make = (fixture, drawn) => {
  const { runtime } = fixture.runtimes.at(-1) as Fixture['runtimes'][number];
  if (runtime.variant !== 'simd-threads') return sizes(fixture, drawn, false);
  return {
    args: [{ ...runtime.handle() }],
    run: async (...args: Parameters<typeof attachRuntime>) => (await attachRuntime(...args)).dispose(),
    check: nothing,
  };
};

const sizes: Make = async (fixture, drawn) => {
  const pool = await poolOf(fixture, drawn);
  const { regions } = runtimeOf(fixture, drawn);
  const [, , height, width] = drawn.shape;
  const { dims } = answersOf(drawn).input;
  const calls: ValidCall[] = [
    { args: [dims], run: pool.outputDims.bind(pool), check: nothing },
    { args: [[dims, [...dims]]], run: pool.outputDims.bind(pool), check: nothing },
    { args: [height, width], run: pool.binBounds.bind(pool), check: nothing },
    { args: [height, width, [0, 0, 3, 3]], run: regions.binBounds.bind(regions), check: nothing },
    { args: [[0, 0, 9, 9], 480, { scales: [300, 900], windowSize: 208 }], run: chooseScale, check: nothing },
    { args: [[0, 0, 9, 9], 480, 900], run: scaleWindow, check: nothing },
    { args: [height, width, 3], run: rmacRegions, check: nothing },
  ];
  return pick(calls, drawn.seed);
};

/** Every call, those that take arrays most often. */
export const calls = {
  forward,
  forwardWithIndices,
  backward,
  ragged,
  raggedBackward,
  average,
  regions,
  averagedRegions,
  makePool,
  makeRuntime,
  tensor,
  adopt,
  attach,
  sizes,
} satisfies Record<string, Make>;

export const callNames = Object.keys(calls) as (keyof typeof calls)[];
