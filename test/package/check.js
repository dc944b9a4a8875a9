/** What every consumer does with the package: pools golden feature maps and compares each bit with PyTorch's answers. */
import { expected, hashOf } from './corpus.mjs';
import { cases } from './golden.js';

/** With so many elements a job is shared with workers. */
const SHARED = 2 ** 18;

/**
 * Pools every case in a runtime of each variant asked for, forward, with indices and backward, by synchronous and
 * asynchronous calls, and the recorded corpus, then in the default runtime. Throws where a bit differs; tells what each variant turned out to be.
 *
 * @param {typeof import('pyramid-pool')} pyramidPool what the consumer imported; as `onnx` beside it what it imported of `pyramid-pool/onnx`
 * @param {import('pyramid-pool').Variant[]} [asked]
 * @returns {Promise<{ ran: Record<string, string>, fallbacks: string[], byDefault: string }>}
 */
export async function check(pyramidPool, asked = ['simd-threads', 'simd', 'scalar']) {
  const { createPyramidPool, createRuntime, PyramidPoolError, onnx } = pyramidPool;
  if (onnx) await checkOnnx(onnx);
  const ran = {};
  const fallbacks = [];
  for (const variant of asked) {
    const runtime = await createRuntime(variant === 'simd-threads' ? { variant, threads: 2 } : { variant });
    for (const golden of cases) await checkCase(golden, createPyramidPool, runtime);
    // Worklets have no hashes.
    const hash = typeof crypto === 'undefined' ? expected : await hashOf(pyramidPool, runtime);
    if (hash !== expected) throw new Error(`the recorded corpus gives ${hash}, not ${expected}`);
    // Read last: a worker that failed would have changed both.
    ran[variant] =
      runtime.variant === 'simd-threads' && runtime.threads !== 2 ? 'no threads' : runtime.variant;
    if (runtime.fallback !== undefined) fallbacks.push(runtime.fallback);
    runtime.dispose();
  }
  return { ran, fallbacks, byDefault: await checkDefaults(createPyramidPool, PyramidPoolError) };
}

async function checkCase({ id, shape, levels, ...golden }, createPyramidPool, runtime) {
  const pool = await createPyramidPool({ levels, runtime });
  const [batch, ...item] = shape;
  const times = runtime.threads > 1 ? Math.ceil(SHARED / floats(golden.x).length) : 1;
  const many = (array) => repeat(array, times);
  const [x, y, gy, gx] = ['x', 'y', 'gy', 'gx'].map((name) => many(floats(golden[name])));
  const argmax = many(ints(golden.argmax));
  const input = { data: x, dims: [batch * times, ...item] };
  const same = (actual, expected, what) => compare(actual.data, expected, `${id}, ${what}`);

  same(pool.forward(input), y, 'forward');
  same(await pool.forwardAsync(input), y, 'forwardAsync');
  for (const { output, indices } of [
    pool.forwardWithIndices(input),
    await pool.forwardWithIndicesAsync(input),
  ]) {
    same(output, y, 'output');
    same(indices, argmax, 'indices');
    const gradOutput = { data: gy, dims: output.dims };
    const context = { dims: input.dims, indices };
    same(pool.backward(gradOutput, context), gx, 'backward');
    same(await pool.backwardAsync(gradOutput, context), gx, 'backwardAsync');
  }
}

/** The first lines of the README: a pool without options beside its levels, and an error. */
async function checkDefaults(createPyramidPool, PyramidPoolError) {
  const pool = await createPyramidPool({ levels: [4, 2, 1] });
  const { dims } = pool.forward({ data: new Float32Array(3 * 13 * 13), dims: [1, 3, 13, 13] });
  if (dims.join() !== '1,63') throw new Error(`the default runtime gave dims ${dims}`);
  try {
    pool.forward({ data: new Float32Array(1), dims: [1, 3, 13, 13] });
  } catch (error) {
    if (error instanceof PyramidPoolError && error.code === 'invalid-data') return pool.runtime.variant;
    throw error;
  }
  throw new Error('a wrong call went through');
}

/** A model that is one pool of its input, 2 by 1, runs without a session: so it needs nothing of ONNX Runtime but its tensor. */
async function checkOnnx({ createModel, makePortable }) {
  class Tensor {
    constructor(type, data, dims) {
      Object.assign(this, { type, data, dims });
    }
  }
  const ort = {
    Tensor,
    InferenceSession: { create: () => Promise.reject(new Error('no session is needed')) },
  };
  const model = await createModel(new Uint8Array(bytes(onePool)), { ort });
  const x = new Tensor('float32', Float32Array.of(1, 2, 3, 4, 5, 6), [1, 1, 3, 2]);
  const { y } = await model.run({ x });
  if (`${y.dims} ${y.data}` !== '1,1,2,1 4,6') throw new Error(`the model gave ${y.dims}: ${y.data}`);
  await model.dispose();
  const length = makePortable(bytes(onePool)).length;
  if (length < 1000) throw new Error(`the portable model has no body in ${length} bytes`);
}

const onePool =
  '08083a660a3b0a0178120179220f41646170746976654d6178506f6f6c2a140a0b6f75747075745f73697a6542020201a001073a0c707972616d69645f706f6f6c1201675a1f0a0178121a0a18080112140a0312016e0a031201630a031201680a0312017762030a017942040a00101142100a0c707972616d69645f706f6f6c1001';

/** Bit for bit, but any NaN for any NaN. */
function compare(actual, expected, what) {
  const bits = (array) => new Uint32Array(array.buffer, array.byteOffset, array.length);
  if (actual.length !== expected.length)
    throw new Error(`${what}: ${actual.length} elements instead of ${expected.length}`);
  const [a, e] = [bits(actual), bits(expected)];
  const differs = (i) => a[i] !== e[i] && !(Number.isNaN(actual[i]) && Number.isNaN(expected[i]));
  for (let i = 0; i < e.length; i++) {
    if (differs(i)) throw new Error(`${what}: element ${i} is ${actual[i]} instead of ${expected[i]}`);
  }
}

function repeat(array, times) {
  const all = new array.constructor(array.length * times);
  for (let i = 0; i < times; i++) all.set(array, i * array.length);
  return all;
}

const floats = (hex) => new Float32Array(bytes(hex));
const ints = (hex) => new Int32Array(bytes(hex));

function bytes(hex) {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  ).buffer;
}
