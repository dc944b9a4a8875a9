/** Pools on a page under a strict content security policy, and tells the page around it what happened. */
import { createPyramidPool, createRuntime } from './dist/browser/index.js';

const given = new URL(location.href).searchParams.has('workerUrl');
const workerUrl = given ? new URL('./dist/worker.js', location.href) : undefined;

async function pool() {
  const runtime = await createRuntime({ variant: 'simd-threads', threads: 2, workerUrl });
  const spp = await createPyramidPool({ levels: [2, 1], runtime });
  const map = { data: new Float32Array(256 * 64 * 64).fill(2), dims: [1, 256, 64, 64] };
  const { output, indices } = await spp.forwardWithIndicesAsync(map);
  const gradient = await spp.backwardAsync(output, { dims: map.dims, indices });
  const sums = [output, gradient].map(({ data }) => data.reduce((sum, value) => sum + value, 0));
  const { variant, threads, fallback } = runtime;
  runtime.dispose();
  return { variant, threads, fallback, sums };
}

/** Whether the policy is in force: it forbids code from text. */
function forbidsEval() {
  try {
    return new Function('return false')();
  } catch {
    return true;
  }
}

const result = await pool().catch((error) => ({ error: String(error) }));
parent.postMessage({ ...result, forbidsEval: forbidsEval() }, '*');
