/**
 * The benchmark without its host: no files, no processes, no terminal. It runs in Node, Deno, Bun, pages and workers.
 *
 * ```ts
 * for await (const event of run({ cases, operations: ['forward'], engines: builtIn({ threads: [2] }) })) {
 *   if (event.kind === 'progress') show(event.done / event.total, event.now);
 *   else results.push(event.result); // case, operation, engine, samples in microseconds
 * }
 * ```
 *
 * `run` measures every operation on every case, all engines by turns, and throws where an answer is wrong. It yields after
 * every round, so that a page can draw; `signal` stops it. `spreadOf(samples)` gives median and quartiles,
 * `ratioOf(samples, base)` those of the ratio to another engine's samples of the same work: divide by the engine `bound`
 * for times the bound. On a page `builtIn({ async: true })` makes threads count; in a worker the blocking calls may be used.
 * Dispose the engines at the end.
 */
export { binsOf, type Case, cases, cellsOf, outputLengthOf, sweep } from './case.js';
export type { Engine, PreparedEngine } from './engine.js';
export { bound } from './engines/bound.js';
export { plainJs } from './engines/plain-js.js';
export { type PoolEngineOptions, poolEngine } from './engines/pyramid-pool.js';
export { type Answer, type Operation, operations } from './operation.js';
export { type Event, type Options, type Result, run } from './run.js';
export { ratioOf, type Spread, spreadOf } from './statistics.js';
export type { Workload } from './workload.js';

import type { Engine } from './engine.js';
import { bound } from './engines/bound.js';
import { plainJs } from './engines/plain-js.js';
import { poolEngine } from './engines/pyramid-pool.js';

/** The engines that need nothing but this project: the package's variants, plain JavaScript and the bound. */
export function builtIn({
  threads = [1, 2],
  async = false,
}: {
  threads?: number[];
  async?: boolean;
} = {}): Engine[] {
  return [
    bound,
    plainJs,
    poolEngine({ variant: 'scalar', async }),
    poolEngine({ variant: 'simd', async }),
    poolEngine({ variant: 'simd', layout: 'NHWC', async }),
    poolEngine({ async }),
    ...threads.map((count) => poolEngine({ variant: 'simd-threads', threads: count, async })),
  ];
}
