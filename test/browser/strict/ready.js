/** Starts threads under a strict content security policy, and tells what came of it: on a page, or in a worker. */
import { createRuntime } from './dist/browser/index.js';

const onPage = typeof document !== 'undefined';

async function start() {
  const heard = [];
  const onFallback = (reason) => heard.push(reason);
  const runtime = await createRuntime({ variant: 'simd-threads', threads: 2, onFallback });
  const before = runtime.threadState;
  const ready = await runtime.ready();
  const { threads, threadState, fallback } = runtime;
  await Promise.resolve();
  runtime.dispose();
  return { before, ready, threads, threadState, fallback, heard };
}

const result = await start().catch((error) => ({ error: String(error) }));
if (onPage) parent.postMessage(result, '*');
else postMessage(result);
