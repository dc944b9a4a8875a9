/** `pyramid-pool/onnx` with real ONNX Runtime Web: networks as PyTorch exported them, and its answers. */
import * as ort from 'onnxruntime-web';
import { createPyramidPool, createRuntime } from 'pyramid-pool';
import { createModel, makePortable } from 'pyramid-pool/onnx';
import { beforeAll, describe, expect, test } from 'vitest';
import { runtimeName, testedRuntimes, useRuntime } from '../unit/runtimes.js';
import { type Exported, expectNear, exported, exportedFile, type Feeds, setUpOrt } from './onnx-files.js';

beforeAll(setUpOrt);

interface Runnable {
  run(feeds: Feeds): Promise<Record<string, ort.Tensor>>;
}

/** Twice over: nothing may be left of the run before. */
async function expectAnswers(model: Runnable, { runs }: Exported): Promise<void> {
  for (const { feeds, outputs } of [...runs, ...runs]) expectNear(await model.run(feeds), outputs);
}

describe.each(exported.map((it) => [it.file, it] as const))('%s', (_, network) => {
  test('runs with the kernels, as PyTorch does', async () => {
    const model = await createModel(network.bytes, { ort });
    expect(model.pools.length).toBeGreaterThan(0);
    for (const pool of model.pools) expect(pool).toMatchObject({ runs: 'kernels', why: undefined });
    await expectAnswers(model, network);
    await model.dispose();
  });

  test('runs by its bodies', async () => {
    const model = await createModel(network.bytes, { ort, pooling: 'bodies' });
    for (const pool of model.pools) expect(pool).toMatchObject({ runs: 'bodies', pyramid: undefined });
    await expectAnswers(model, network);
    await model.dispose();
  });

  test.each([false, true])('is a file that ONNX Runtime runs by itself (inline: %s)', async (inline) => {
    for (const bytes of [network.bytes, makePortable(network.bytes, { inline })]) {
      const session = await ort.InferenceSession.create(bytes);
      await expectAnswers(session, network);
      await session.release();
    }
  });
});

describe.each(testedRuntimes.map((options) => [runtimeName(options), options] as const))(
  '%s',
  (_, options) => {
    const runtime = useRuntime(options);

    test('kernels of any variant pool a model', async () => {
      for (const file of ['pyramid-new.onnx', 'chain-new.onnx', 'psp-legacy.onnx']) {
        const network = exportedFile(file);
        const model = await createModel(network.bytes, { ort, runtime: runtime() });
        await expectAnswers(model, network);
        await model.dispose();
      }
    });
  },
);

describe('what a model says of itself', () => {
  test('pools of one value are one pyramid', async () => {
    const model = await createModel(exportedFile('pyramid-new.onnx').bytes, { ort });
    expect(model.inputNames).toEqual(['input']);
    expect(model.outputNames).toEqual(['linear']);
    expect(model.pools.map(({ levels, pyramid }) => ({ levels, pyramid }))).toEqual(
      [4, 2, 1].map((n) => ({ levels: [[n, n]], pyramid: 0 })),
    );
    expect(model.values[0]).toEqual({ name: 'input', type: 'float32', dims: ['n', 3, 'h', 'w'] });
    expect(model.values.map(({ name }) => name)).toEqual(expect.arrayContaining(['relu', 'cat', 'linear']));
    expect(model.pools[0]).toMatchObject({ operator: 'AdaptiveMaxPool', reduction: 'max', input: 'relu' });
    await model.dispose();
  });

  test('pools in a chain are pyramids of their own', async () => {
    const model = await createModel(exportedFile('chain-legacy.onnx').bytes, { ort });
    expect(model.pools.map(({ pyramid }) => pyramid)).toEqual([0, 1]);
    await model.dispose();
  });

  test.each(['webgpu', { name: 'webnn' }])(
    'bodies run with %o, so that nothing is fetched',
    async (provider) => {
      const { InferenceSession, Tensor } = ort;
      const made: object[] = [];
      const create = (
        bytes: Uint8Array,
        { executionProviders: _, ...options }: object & { executionProviders?: object },
      ) => {
        made.push(options);
        return InferenceSession.create(bytes, options);
      };
      const other = { Tensor, InferenceSession: { create } };
      const network = exportedFile('pyramid-new.onnx');
      const session = { executionProviders: [provider] };
      const model = await createModel(network.bytes, { ort: other, session });
      expect(model.pools.map(({ runs }) => runs)).toEqual(['bodies', 'bodies', 'bodies']);
      expect(model.pools[0]!.why).toContain('web');
      expect(made.length).toBe(1);
      await expectAnswers(model as unknown as Runnable, network);
      const forced = await createModel(network.bytes, { ort: other, session, pooling: 'kernels' });
      expect(forced.pools.map(({ runs }) => runs)).toEqual(['kernels', 'kernels', 'kernels']);
      await expectAnswers(forced as unknown as Runnable, network);
    },
  );
});

describe('a pyramid on any backbone', () => {
  test('on a value by name, and the values that are asked for', async () => {
    const network = exportedFile('vgg-new.onnx');
    const whole = await createModel(network.bytes, { ort, outputs: ['relu', 'linear'] });
    const model = await createModel(network.bytes, {
      ort,
      pyramid: { levels: [3, [1, 2]], at: 'relu', reduction: 'average' },
      outputs: ['relu'],
    });
    expect(model.outputNames).toEqual(['vector', 'relu']);
    expect(model.pools.length).toBe(1);
    for (const { feeds, outputs } of network.runs) {
      const { relu, linear } = await whole.run(feeds);
      expectNear({ linear: linear! }, outputs);
      const { vector, relu: map } = await model.run(feeds);
      expect(map!.dims).toEqual(relu!.dims);
      expect(vector!.dims).toEqual([relu!.dims[0], 11 * relu!.dims[1]!]);
      const portable = await ort.InferenceSession.create(
        makePortable(network.bytes, { pyramid: { levels: [3, [1, 2]], at: 'relu', reduction: 'average' } }),
      );
      expectNear({ vector: vector! }, (await portable.run(feeds)) as { vector: ort.Tensor });
    }
  });

  test('for each channel the bins of all levels, as a pool of its own gives them', async () => {
    const network = exportedFile('vgg-new.onnx');
    const pyramid = { levels: [3, [1, 2]], at: 'relu', outputOrder: 'channels' } as const;
    const model = await createModel(network.bytes, { ort, pyramid, outputs: ['relu'] });
    expect(model.pools).toMatchObject([{ operator: 'SpatialPyramidPool', outputOrder: 'channels' }]);
    const bodies = await createModel(network.bytes, { ort, pyramid, pooling: 'bodies' });
    const pool = await createPyramidPool({ levels: [3, [1, 2]], outputOrder: 'channels' });
    const vectors: number[] = [];
    for (const { feeds } of network.runs) {
      const { relu, vector } = await model.run(feeds);
      const expected = pool.forward(relu as ort.TypedTensor<'float32'>);
      expect(vector!.dims).toEqual(expected.dims);
      expect(vector!.data).toEqual(expected.data);
      vectors.push(...expected.data);
      expectNear({ vector: vector! }, (await bodies.run(feeds)) as { vector: ort.Tensor });
    }
    const alone = await createModel(network.bytes, { ort, pyramid });
    const { vector: rows } = await alone.runAll(network.runs.map(({ feeds }) => feeds));
    expect([...(rows!.data as Float32Array)]).toEqual(vectors);
    // One level has the same order either way, and more levels have not.
    const other = await createModel(network.bytes, { ort, pyramid: { ...pyramid, outputOrder: 'levels' } });
    const [{ feeds }] = network.runs as [(typeof network.runs)[0]];
    expect((await other.run(feeds)).vector!.data).not.toEqual((await model.run(feeds)).vector!.data);
  });

  test('images of different sizes become rows of one output', async () => {
    const network = exportedFile('pyramid-new.onnx');
    const created: string[] = [];
    let headRuns = 0;
    const counting = {
      Tensor: ort.Tensor,
      InferenceSession: {
        create: async (bytes: Uint8Array) => {
          const session = await ort.InferenceSession.create(bytes);
          created.push(session.inputNames.join());
          const run = session.run.bind(session);
          const isHead = created.length === 2;
          session.run = ((feeds: Feeds) => {
            if (isHead) headRuns++;
            return run(feeds);
          }) as typeof session.run;
          return session;
        },
      },
    };
    const model = await createModel(network.bytes, { ort: counting });
    const { linear } = (await model.runAll(network.runs.map(({ feeds }) => feeds))) as Record<
      string,
      ort.Tensor
    >;
    expect(headRuns).toBe(1);
    const rows = network.runs.flatMap(({ outputs }) => [...outputs.linear!.data]);
    const dims = [rows.length / 10, 10];
    expectNear({ linear: linear! }, { linear: new ort.Tensor('float32', Float32Array.from(rows), dims) });
  });

  test('where the head takes more than the pools, each runs by itself', async () => {
    const network = exportedFile('psp-new.onnx');
    const model = await createModel(network.bytes, { ort });
    const { feeds, outputs } = network.runs[0]!;
    const [name, expected] = Object.entries(outputs)[0]!;
    const { [name]: both } = await model.runAll([feeds, feeds]);
    const twice = Float32Array.from([...expected.data, ...expected.data]);
    expectNear({ both: both! }, { both: new ort.Tensor('float32', twice, [2, ...expected.dims.slice(1)]) });
    await expect(model.runAll(network.runs.map((run) => run.feeds))).rejects.toMatchObject({
      code: 'invalid-feeds',
      message: expect.stringContaining('use run for each'),
    });
  });
});

test('a thousand runs take no more memory than a hundred', async () => {
  const runtime = await createRuntime({ variant: 'simd' });
  const network = exportedFile('pyramid-legacy.onnx');
  const model = await createModel(network.bytes, { ort, runtime });
  const { feeds } = network.runs[1]!;
  for (let i = 0; i < 100; i++) await model.run(feeds);
  const before = runtime.memory.buffer.byteLength;
  for (let i = 0; i < 900; i++) await model.run(feeds);
  expect(runtime.memory.buffer.byteLength).toBe(before);
  await model.dispose();
  await expect(model.run(feeds)).rejects.toMatchObject({ code: 'disposed' });
  runtime.dispose();
});

test('a model works through a proxy', async () => {
  const network = exportedFile('pyramid-new.onnx');
  const model = new Proxy(await createModel(network.bytes, { ort }), {});
  await expectAnswers(model, network);
  await expect(model.runAll([])).rejects.toThrow('feeds is []');
  await model.dispose();
  await expect(model.run(network.runs[0]!.feeds as never)).rejects.toThrow('the model was disposed');
});
