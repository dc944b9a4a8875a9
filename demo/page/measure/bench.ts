/** The benchmark of `npm run bench`, in a worker: there it may block, and does not disturb the page. */
import {
  bound,
  type Engine,
  type Event,
  type Operation,
  plainJs,
  poolEngine,
  run,
  sweep,
} from '../../../test/bench/core/index.js';
import type { OnLoading } from '../net/ort.js';

export interface BenchRequest {
  readonly operation: Operation;
  readonly channels: number;
  readonly sizes: readonly number[];
  /** Names of engines, as `engineNames` gives them. */
  readonly engines: readonly string[];
  readonly rounds: number;
}

export const ORT = 'ort-web';
export const TFJS = 'tfjs-wasm';
const THREADS = 'simd-threads:';
const WARM_MS = 100;

/** As many as a runtime takes. */
const MOST_THREADS = 64;

/** The engines there are on so many cores, and whether they have to be loaded first. */
export function engineNames(cores: number): { name: string; isPeer: boolean }[] {
  const threads = threadCounts(Math.min(cores, MOST_THREADS)).map((count) => `${THREADS}${count}`);
  const own = ['plain-js', 'scalar', 'simd', ...threads];
  return [
    ...own.map((name) => ({ name, isPeer: false })),
    { name: ORT, isPeer: true },
    { name: TFJS, isPeer: true },
  ];
}

/** 1, 2, 3, 4, then twice as many each time, and all there are. */
function threadCounts(most: number): number[] {
  const counts: number[] = [];
  for (let count = 1; count < most; count = count < 4 ? count + 1 : 2 * count) counts.push(count);
  return [...counts, most];
}

export class Bench {
  async measure(request: BenchRequest, onEvent: (event: Event) => void, onLoading: OnLoading): Promise<void> {
    const { operation, rounds } = request;
    const engines = [
      bound,
      ...(await Promise.all(request.engines.map((name) => makeEngine(name, onLoading)))),
    ];
    const cases = sweep.filter(
      ({ dims: [, channels, size] }) => channels === request.channels && request.sizes.includes(size),
    );
    const options = { cases, operations: [operation], engines, rounds, warmMs: WARM_MS };
    try {
      for await (const event of run(options)) onEvent(event);
    } finally {
      for (const engine of engines) engine.dispose?.();
    }
  }
}

async function makeEngine(name: string, onLoading: OnLoading): Promise<Engine> {
  if (name === ORT) return (await import('./peers/ort.js')).ortEngine(onLoading);
  if (name === TFJS) return (await import('./peers/tfjs.js')).tfjsEngine(onLoading);
  if (name === 'scalar' || name === 'simd') return poolEngine({ variant: name });
  if (name.startsWith(THREADS)) {
    return poolEngine({ variant: 'simd-threads', threads: Number(name.slice(THREADS.length)) });
  }
  return plainJs;
}
