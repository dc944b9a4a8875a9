/**
 * A recorded corpus: calls drawn from a seed, and the hash of all their answers, which must be the same on every host, in every
 * variant and at any number of threads. A plain module without dependencies, so that it runs anywhere:
 * `node test/corpus/run.mjs`.
 */
import { fill, kinds, words } from './random.mjs';

/** SHA-256 of the answers. After an intended change, `node test/corpus/run.mjs` prints the new one. */
export const expected = '4bc0507483c2911c74816bd2242849d97bfa896eea879560edbb0824f1b2010f';

const CASES = 40;
/** A case large enough for threads to share it. */
const LARGE = 1;

/** @typedef {typeof import('pyramid-pool')} Api */
/** @typedef {import('pyramid-pool').Runtime} Runtime */

/**
 * The hash of all answers that a runtime gives.
 * @param {Api} api
 * @param {Runtime} runtime
 * @returns {Promise<string>}
 */
export async function hashOf(api, runtime) {
  const next = words(0x5eed);
  /** @type {Uint8Array[]} */
  const parts = [];
  /** @param {import('pyramid-pool').Tensor} tensor */
  const keep = (tensor) => {
    parts.push(bytesOf(Int32Array.from(tensor.dims)), bytesOf(tensor.data));
  };
  for (let i = 0; i < CASES + LARGE; i++) await runCase(api, runtime, drawCase(next, i >= CASES), keep);
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param {() => number} next
 * @param {boolean} large
 */
function drawCase(next, large) {
  const upTo = (/** @type {number} */ most) => 1 + (next() % most);
  const channels = large ? 67 : upTo(20);
  const [height, width] = large ? [64 + upTo(9), 64 + upTo(9)] : [upTo(16), upTo(16)];
  const levels = Array.from({ length: upTo(4) }, () => /** @type {[number, number]} */ ([upTo(6), upTo(6)]));
  const layout = /** @type {const} */ (next() % 2 ? 'NCHW' : 'NHWC');
  const kind = kinds[next() % kinds.length] ?? 'bits';
  return { batch: large ? 1 : upTo(2), channels, height, width, levels, layout, kind, seed: next() };
}

/**
 * @param {Api} api
 * @param {Runtime} runtime
 * @param {ReturnType<typeof drawCase>} drawn
 * @param {(tensor: any) => void} keep
 */
async function runCase(api, runtime, drawn, keep) {
  const { batch, channels, height, width, levels, layout, kind, seed } = drawn;
  const dims = layout === 'NCHW' ? [batch, channels, height, width] : [batch, height, width, channels];
  const x = fill(kind, seed, batch * channels * height * width);
  const bits = new Uint32Array(x.buffer);
  const pool = await api.createPyramidPool({ levels, layout, runtime });

  const { output, indices } = pool.forwardWithIndices({ data: x, dims });
  const gradient = { data: fill(kind, seed + 1, output.size), dims: output.dims };
  for (const tensor of [output, indices, pool.forward({ data: x, dims })]) keep(tensor);
  keep(pool.backward(gradient, { dims, indices }));

  const maps = [
    { data: Uint16Array.from(bits, (word) => word >>> 16), dims, type: 'float16' },
    { data: Int8Array.from(bits, (word) => word >> 24), dims },
    { data: Uint8Array.from(bits, (word) => word >>> 24), dims },
  ];
  for (const map of maps) {
    const found = await pool.forwardWithIndicesAsync(map);
    keep(found.output);
    keep(found.indices);
  }

  const next = words(seed);
  const rois = Float32Array.from({ length: 5 * 9 }, (_, i) =>
    i % 5 === 0 ? next() % batch : (next() % (8 * Math.max(height, width))) / 4 - 8,
  );
  const regions = await api.createRoiPyramidPool({ levels, layout, spatialScale: 0.75, runtime });
  const rows = regions.forwardWithIndices({ data: x, dims }, { data: rois, dims: [9, 5] });
  keep(rows.output);
  keep(rows.indices);
  const rowGradient = { data: fill('unit', seed, rows.output.size), dims: rows.output.dims };
  keep(regions.backward(rowGradient, { dims, rois: { data: rois, dims: [9, 5] }, indices: rows.indices }));

  const average = await api.createPyramidPool({ levels, layout, reduction: 'average', runtime });
  keep(average.forward({ data: fill('unit', seed, x.length), dims }));
}

/**
 * The bytes of an array, with one NaN in place of all: processors differ in the NaN that arithmetic gives.
 * @param {ArrayBufferView} view
 */
function bytesOf(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  const { name } = view.constructor;
  if (name === 'Float32Array') joinNaNs(new Uint32Array(bytes.buffer), 0x7fffffff, 0x7f800000);
  if (['Float16Array', 'Uint16Array'].includes(name)) {
    joinNaNs(new Uint16Array(bytes.buffer), 0x7fff, 0x7c00);
  }
  return bytes;
}

/**
 * @param {Uint32Array | Uint16Array} numbers
 * @param {number} magnitude all bits but the sign's
 * @param {number} infinity
 */
function joinNaNs(numbers, magnitude, infinity) {
  for (let i = 0; i < numbers.length; i++) {
    if ((Number(numbers[i]) & magnitude) > infinity) numbers[i] = magnitude;
  }
}
