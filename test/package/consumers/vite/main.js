import * as pyramidPool from 'pyramid-pool';
import * as onnx from 'pyramid-pool/onnx';
import workerUrl from 'pyramid-pool/worker.js?url';
import workerFileUrl from 'pyramid-pool/worker.js?url&no-inline';
import { check } from './check.js';

const show = (result) => {
  document.querySelector('#result').textContent = JSON.stringify(result);
};

/** Both imports give the URL of a file, and workers start from it. */
async function checkWorkerUrls() {
  const { createPyramidPool, createRuntime } = pyramidPool;
  for (const url of [workerUrl, workerFileUrl]) {
    if (url.startsWith('data:')) throw new Error('the script of workers was put into its URL');
    const runtime = await createRuntime({ variant: 'simd-threads', threads: 2, workerUrl: url });
    const pool = await createPyramidPool({ levels: [1], runtime });
    const map = { data: new Float32Array(2 ** 19).fill(1), dims: [2 ** 13, 8, 8] };
    const { data } = await pool.forwardAsync(map);
    if (data[2 ** 13 - 1] !== 1 || runtime.threads !== 2) throw new Error(`no threads: ${runtime.fallback}`);
    runtime.dispose();
  }
}

checkWorkerUrls()
  .then(() => check({ ...pyramidPool, onnx }))
  .then(show, (error) => show({ error: String(error) }));
