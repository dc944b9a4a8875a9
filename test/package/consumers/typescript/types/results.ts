/** What the types of results say, with every version of TypeScript and every library: this is compiled and never run. */
import {
  createPyramidPool,
  createRoiPyramidPool,
  createRuntime,
  type OutputWithIndices,
  type PlainTensor,
  PyramidPoolError,
  type ResidentTensor,
  type Tensor,
} from 'pyramid-pool';
import type { PoolInfo } from 'pyramid-pool/onnx';
import * as fixed from 'pyramid-pool/static';

type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
/** Compiles only for a type that is exactly `Expected`. */
declare function expectType<Expected>(): <Actual>(
  actual: Actual,
  ...same: Same<Actual, Expected> extends true ? [] : ['another type is expected']
) => void;

const dims = [1, 2, 8, 8] as const;
const float32 = { data: new Float32Array(128), dims };
const int8 = { data: new Int8Array(128), dims };
const uint8 = { data: new Uint8Array(128), dims };
const clamped = { data: new Uint8ClampedArray(128), dims };
const halves = { data: new Uint16Array(128), dims, type: 'float16' as const };
declare const unknown: { data: object; dims: number[] };
declare const views: { data: ArrayBufferView; dims: number[] };
declare const some: { data: Float32Array | Int8Array; dims: number[] };
declare const wide: { data: Float32Array | Uint16Array | Float64Array | string[]; dims: number[] };
declare const results: Tensor;

export async function whole() {
  const pool = await createPyramidPool({ levels: [4, 2, 1] });

  expectType<PlainTensor<'float32'>>()(pool.forward(float32));
  expectType<PlainTensor<'float32'>>()(pool.forward([float32, float32]));
  expectType<PlainTensor<'float32'>>()(await pool.forwardAsync(float32));
  expectType<PlainTensor<'float32'>>()(pool.forward(float32, {}));
  expectType<'int8'>()(pool.forward(int8).type);
  expectType<'uint8'>()(pool.forward(uint8).type);
  expectType<'uint8'>()(pool.forward(clamped).type);
  expectType<'float16'>()(pool.forward(halves).type);
  expectType<'float32' | 'float16' | 'int8' | 'uint8'>()(pool.forward(unknown).type);
  expectType<'float32' | 'float16' | 'int8' | 'uint8'>()(pool.forward(views).type);
  expectType<'float32' | 'float16' | 'int8' | 'uint8'>()(pool.forward(results).type);
  expectType<'float32' | 'int8'>()(pool.forward(some).type);
  expectType<'float32' | 'float16'>()((await pool.forwardAsync(wide)).type);

  const { output, indices } = pool.forwardWithIndices(float32);
  expectType<PlainTensor<'float32'>>()(output);
  expectType<PlainTensor<'int32'>>()(indices);
  expectType<PlainTensor<'float32'>>()(pool.backward(output, { dims, indices }));
  expectType<PlainTensor<'float32'>[]>()(pool.backward(output, { dims: [dims, dims], indices }));
  expectType<PlainTensor<'float32'>>()(await pool.backwardAsync(output, { dims, indices }));
  const found: OutputWithIndices<PlainTensor<'int8'>> = await pool.forwardWithIndicesAsync(int8);

  // One result goes into the next call.
  const again: PlainTensor<'float32'> = pool.forward({ ...output, dims: [1, 2, 6, 7] });
  const general: Tensor<'float32'> = again;
  const any: Tensor = general;
  // @ts-expect-error: what lies in ordinary memory may be told apart by its type alone
  const wrong: Tensor<'int8'> = again;
  // @ts-expect-error: likewise a result
  const mistaken: PlainTensor<'int8'> = pool.forward(float32);
  return [found, any, wrong, mistaken];
}

export async function outputs() {
  const runtime = await createRuntime({ variant: 'simd' });
  const pool = await createPyramidPool({ levels: [1], runtime });
  const map = runtime.tensor([1, 2, 8, 8]);
  const out = runtime.tensor([1, 2]);
  const indices = runtime.tensor([1, 2], 'int32');
  expectType<ResidentTensor<'float32'>>()(out);
  // What was given as `out` comes back.
  expectType<ResidentTensor<'float32'>>()(pool.forward(map, { out }));
  expectType<ResidentTensor<'float32'>>()(await pool.forwardAsync(float32, { out }));
  expectType<ResidentTensor<'int32'>>()(
    pool.forwardWithIndices(map, { out: { output: out, indices } }).indices,
  );
  expectType<ResidentTensor<'float32'>>()(pool.backward(out, { dims, indices }, { out: map }));
  expectType<PlainTensor<'float32'>>()(pool.forward(map));
  const perhaps: { out?: ResidentTensor<'float32'> } = {};
  const either: Tensor<'float32'> = pool.forward(map, perhaps);
  // @ts-expect-error: there is no such option
  pool.forward(map, { uot: out });
  return either;
}

export async function regions() {
  const pool = await createRoiPyramidPool({ levels: [2], spatialScale: 0.5 });
  const rois = { data: Float32Array.of(0, 0, 0, 4, 4), dims: [1, 5] };
  expectType<PlainTensor<'float32'>>()(pool.forward(float32, rois));
  const { output, indices } = await pool.forwardWithIndicesAsync(float32, rois);
  expectType<PlainTensor<'float32'>>()(pool.backward(output, { dims, rois, indices }));
  expectType<'uint8'>()(pool.forward(uint8, rois).type);
}

/** The type of a result tells its array. */
export function narrowed(pooled: Tensor): Float32Array | Int32Array | undefined {
  if (pooled.type === 'float32') return pooled.data;
  switch (pooled.type) {
    case 'int32':
      return pooled.data;
    case 'int8':
      expectType<number>()(pooled.data.byteLength);
      return undefined;
    default:
      // @ts-expect-error: the array of halves or bytes is none of numbers
      return pooled.data;
  }
}

export async function narrowedResult() {
  const pool = await createPyramidPool({ levels: [1] });
  const pooled = pool.forward(unknown);
  const { output } = pool.forwardWithIndices(unknown);
  if (pooled.type === 'float32' && output.type === 'float32') {
    const numbers: Float32Array = pooled.data;
    return numbers.length + output.data.length;
  }
  return 0;
}

/** Everything that is made by one entry fits what is made by another. */
export async function entries() {
  const runtime = await fixed.createRuntime({ wasm: new Uint8Array(8) });
  const pool: fixed.PyramidPool = await fixed.createPyramidPool({ levels: [1], runtime });
  const code: fixed.PyramidPoolErrorCode = new PyramidPoolError('unsupported', '').code;
  return [pool, code, runtime.memory, runtime.handle().module];
}

/** The types of the sub-path for ONNX compile everywhere, too. */
export function describe({ operator, levels, runs }: PoolInfo): string {
  expectType<'kernels' | 'bodies'>()(runs);
  return `${operator} ${levels.join()}`;
}
