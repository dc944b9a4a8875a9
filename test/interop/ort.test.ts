/** ONNX Runtime Web around the pool: a backbone before it, a fully connected layer behind it. */
import * as ort from 'onnxruntime-web';
import { createPyramidPool, createRuntime, type PyramidPoolError, type Tensor } from 'pyramid-pool';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectBits, expectClose, expectSame } from '../unit/bits.js';
import { referenceBackward, referenceForward } from '../unit/reference.js';
import { runtimeName, testedRuntimes, useRuntime } from '../unit/runtimes.js';
import backboneUrl from './onnx/backbone.onnx?inline';
import headUrl from './onnx/head.onnx?inline';
import { packageFolder } from './package-folder.js';

type Shape = [number, number, number, number];

const levels = [4, 2, 1];
const grids = levels.map((n) => [n, n] as const);

/** Images whose maps, of half their size, are not divisible by 4 and 2, with one exception. */
const sizes = [
  [26, 26],
  [19, 35],
  [13, 9],
  [32, 16],
  [2, 5],
] as const;

let backbone: ort.InferenceSession;
let head: ort.InferenceSession;

beforeAll(async () => {
  ort.env.wasm.wasmPaths = packageFolder('onnxruntime-web/dist');
  ort.env.wasm.numThreads = 1;
  const load = async (url: string) =>
    ort.InferenceSession.create(new Uint8Array(await (await fetch(url)).arrayBuffer()));
  backbone = await load(backboneUrl);
  head = await load(headUrl);
});

function image(height: number, width: number, batch = 1): ort.Tensor {
  const data = Float32Array.from({ length: batch * 2 * height * width }, (_, i) => Math.sin(i * i));
  return new ort.Tensor('float32', data, [batch, 2, height, width]);
}

/** The feature map that the backbone makes of an image. */
async function features(height: number, width: number, batch = 1): Promise<ort.TypedTensor<'float32'>> {
  const { features } = await backbone.run({ image: image(height, width, batch) });
  return features as ort.TypedTensor<'float32'>;
}

/** What the head makes of pooled maps: three scores each. */
async function score({ data, dims }: ort.Tensor | Tensor<'float32'>): Promise<Float32Array> {
  const { scores } = await head.run({ pooled: new ort.Tensor('float32', data as Float32Array, dims) });
  return numbers(scores as ort.Tensor);
}

const numbers = ({ data }: ort.Tensor) => data as Float32Array;

describe.each(testedRuntimes.map((options) => [runtimeName(options), options] as const))(
  '%s',
  (_, options) => {
    const runtime = useRuntime(options);
    const makePool = () => createPyramidPool({ levels, runtime: runtime() });

    test('a tensor of ORT goes in as it is, and the result goes to ORT without a copy', async () => {
      const pool = await makePool();
      for (const [height, width] of sizes) {
        const map = await features(height, width, 2);
        const pooled = pool.forward(map);
        const { output } = referenceForward(map.data, map.dims as Shape, grids, 'adaptive');
        expectBits(pooled.data, output, 'output');
        const input = new ort.Tensor(pooled.type, pooled.data, pooled.dims);
        expect(input.data).toBe(pooled.data);
        const scores = await score(input);
        expect(scores.length).toBe(2 * 3);
        expect(scores.every(Number.isFinite)).toBe(true);
      }
    });

    test('tensors that live in WASM memory are lent to ORT, in and out of the pool', async () => {
      const pool = await makePool();
      const map = await features(19, 35);
      using input = runtime().tensor(map.dims);
      using output = runtime().tensor(pool.outputDims(map.dims));
      input.data.set(map.data);
      pool.forward(input, { out: output });
      const lent = new ort.Tensor(output.type, output.data, output.dims);
      expect(lent.data).toBe(output.data);
      expectBits(await score(lent), await score(pool.forward(map)), 'scores');
      using picture = runtime().tensor([1, 2, 19, 35]);
      picture.data.set(numbers(image(19, 35)));
      const again = await backbone.run({ image: new ort.Tensor(picture.type, picture.data, picture.dims) });
      expectBits(numbers(again.features as ort.Tensor), map.data, 'map');
    });

    test('indices and gradients are tensors for ORT and of ORT as well', async () => {
      const pool = await makePool();
      const map = await features(13, 9);
      const { output, indices } = pool.forwardWithIndices(map);
      const places = new ort.Tensor(indices.type, indices.data, indices.dims);
      const ones = new ort.Tensor('float32', new Float32Array(output.size).fill(1), output.dims);
      const gradient = pool.backward(ones, { dims: map.dims, indices: places });
      const reference = referenceForward(map.data, map.dims as Shape, grids, 'adaptive');
      expectSame(places.data as Int32Array, reference.indices, 'indices');
      expectBits(
        gradient.data,
        referenceBackward(numbers(ones), reference.indices, map.dims as Shape, grids, 'adaptive'),
        'gradient',
      );
      expect(new ort.Tensor(gradient.type, gradient.data, gradient.dims).data).toBe(gradient.data);
    });

    test('maps of different sizes become one batch for the layer behind', async () => {
      const pool = await makePool();
      const maps: ort.TypedTensor<'float32'>[] = [];
      for (const [height, width] of sizes) maps.push(await features(height, width));
      const scores = await score(await pool.forwardAsync(maps));
      expect(scores.length).toBe(3 * sizes.length);
      for (const [i, map] of maps.entries()) {
        expectClose(scores.subarray(3 * i, 3 * i + 3), await score(pool.forward(map)), 1e-4, 'scores');
      }
    });
  },
);

test('a tensor of ORT whose data are gone is refused with a code', async () => {
  const pool = await createPyramidPool({ levels });
  const map = await features(13, 9);
  map.dispose();
  const error = await Promise.resolve()
    .then(() => pool.forward(map))
    .catch((error: PyramidPoolError) => error);
  expect(error).toMatchObject({ name: 'PyramidPoolError', code: 'invalid-data' });
  expect((error as Error).message).toContain('input.data cannot be read');
  using runtime = await createRuntime({ variant: 'simd' });
  expect((await createPyramidPool({ levels, runtime })).forward(await features(13, 9)).dims).toEqual([
    1, 105,
  ]);
});
