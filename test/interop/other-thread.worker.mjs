/** Another thread, in Node or in a browser: runs commands, and answers with the result or with the code of an error. */
import { attachRuntime, createPyramidPool } from 'pyramid-pool';

const port = globalThis.process?.versions?.node
  ? (await import('node:worker_threads')).parentPort
  : globalThis;

let runtime;
let pool;
const tensors = [];

const commands = {
  async attach(handle) {
    runtime = await attachRuntime(handle);
    pool = await createPyramidPool({ levels: [4, 2, 1], runtime });
    const { variant, threads, fallback } = runtime;
    return { variant, threads, fallback };
  },
  adopt: (handle) => tensors.push(runtime.adopt(handle)) - 1,
  make: ({ dims, type }) => tensors.push(runtime.tensor(dims, type)) - 1,
  handle: (at) => tensors[at].handle(),
  runtimeHandle: () => runtime.handle(),
  write({ at, data }) {
    tensors[at].data.set(data);
  },
  read: (at) => tensors[at].data.slice(),
  pool({ input, output, indices }) {
    const out = { output: tensors[output], indices: tensors[indices] };
    pool.forwardWithIndices(tensors[input], { out });
  },
  poolPlain: (input) => pool.forward(input),
  /** Takes and gives back blocks of many sizes, writes to them, and counts the cells that came out wrong. */
  churn({ rounds, seed }) {
    let wrong = 0;
    const kept = [];
    for (let round = 0; round < rounds; round++) {
      const [height, width] = [(round % 13) + 1, ((round * seed) % 17) + 1];
      const map = runtime.tensor([3, height, width]);
      map.data.fill(seed + round);
      for (const value of pool.forward(map).data) wrong += value === seed + round ? 0 : 1;
      if (round % 3 > 0) map.dispose();
      else kept.push(map);
      if (kept.length > 20) kept.shift().dispose();
    }
    for (const tensor of kept) tensor.dispose();
    return wrong;
  },
  dispose(at) {
    tensors[at].dispose();
  },
  disposeRuntime() {
    runtime.dispose();
  },
};

async function answer({ call, name, argument }) {
  try {
    port.postMessage({ call, result: await commands[name](argument) });
  } catch ({ name, code, message }) {
    port.postMessage({ call, error: { name, code, message } });
  }
}

if (port === globalThis) addEventListener('message', ({ data }) => answer(data));
else port.on('message', answer);
port.postMessage('ready');
