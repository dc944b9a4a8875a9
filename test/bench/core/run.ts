import type { Case } from './case.js';
import { checkAnswers } from './check.js';
import type { Engine, PreparedEngine } from './engine.js';
import type { Operation } from './operation.js';
import { CaseWorkloads, type Workload } from './workload.js';

export interface Options {
  readonly cases: readonly Case[];
  readonly operations: readonly Operation[];
  readonly engines: readonly Engine[];
  /** Samples of each engine; by default 25. */
  readonly rounds?: number;
  /** Milliseconds that a sample takes at least, so that coarse clocks do; by default 4. */
  readonly sampleMs?: number;
  /** Milliseconds that an engine runs before it is timed, so that hosts compile it for good; by default 150. */
  readonly warmMs?: number;
  readonly signal?: AbortSignal;
}

/** Times of one engine on one piece of work. */
export interface Result {
  readonly case: string;
  readonly operation: Operation;
  readonly engine: string;
  /** Microseconds a run, one for each round. Those of the same round were taken one after the other. */
  readonly samples: readonly number[];
}

export type Event =
  /** `done` of `total` pieces of work are behind; `now` says what comes. */
  | { readonly kind: 'progress'; readonly done: number; readonly total: number; readonly now: string }
  | { readonly kind: 'result'; readonly result: Result };

interface Entry {
  readonly engine: Engine;
  readonly prepared: PreparedEngine;
  /** Runs in a sample. */
  count: number;
  turn: number;
  readonly samples: number[];
}

/** Measures every operation on every case, all engines by turns, each answer checked before it is timed. */
export async function* run(options: Options): AsyncGenerator<Event> {
  const { cases } = options;
  const total = cases.reduce((sum, c) => sum + offered(c, options.operations).length, 0);
  let done = 0;
  for (const c of cases) {
    const caseWorkloads = new CaseWorkloads(c);
    for (const operation of offered(c, options.operations)) {
      const label = `${c.name} ${operation}`;
      const progress = (now: string): Event => ({ kind: 'progress', done, total, now: `${label}: ${now}` });
      yield progress('inputs');
      await breathe(options.signal);
      yield* runWork(caseWorkloads.workload(operation), options, progress);
      done++;
    }
  }
  yield { kind: 'progress', done, total, now: 'done' };
}

/** Samples have no indices. */
function offered({ samplingRatio }: Case, operations: readonly Operation[]): readonly Operation[] {
  return samplingRatio ? operations.filter((operation) => operation !== 'indices') : operations;
}

async function* runWork(
  workload: Workload,
  options: Options,
  progress: (now: string) => Event,
): AsyncGenerator<Event> {
  const { rounds = 25, sampleMs = 4, warmMs = 150, signal } = options;
  const entries: Entry[] = [];
  try {
    for (const engine of options.engines) {
      yield progress(engine.name);
      await breathe(signal);
      const prepared = await engine.prepare(workload);
      if (!prepared) continue;
      const entry = { engine, prepared, count: 1, turn: 0, samples: [] };
      entries.push(entry);
      await checkAnswers(engine, prepared, workload);
      entry.count = Math.ceil(sampleMs / (await warmUp(entry, warmMs)));
    }
    for (let round = 0; round < rounds; round++) {
      yield progress(`round ${round + 1} of ${rounds}`);
      await breathe(signal);
      // Another one begins each time, so that nobody always follows the same one.
      for (let i = 0; i < entries.length; i++) await sample(entries[(i + round) % entries.length]!);
    }
    const { case: c, operation } = workload;
    for (const { engine, samples } of entries) {
      yield { kind: 'result', result: { case: c.name, operation, engine: engine.name, samples } };
    }
  } finally {
    for (const { prepared } of entries) prepared.dispose();
  }
}

/** Milliseconds that a run takes after the engine has compiled the code. */
async function warmUp(entry: Entry, warmMs: number): Promise<number> {
  const until = performance.now() + warmMs;
  let fastest = Number.POSITIVE_INFINITY;
  do {
    const taken = await timeRuns(entry.prepared, entry.turn, entry.count);
    fastest = Math.min(fastest, Math.max(taken, 1e-3) / entry.count);
    entry.turn += entry.count;
    // Longer and longer, until the clock is fine enough for it.
    entry.count = taken < 1 ? 2 * entry.count : entry.count;
  } while (performance.now() < until);
  return fastest;
}

async function sample(entry: Entry): Promise<void> {
  const { prepared, turn, count } = entry;
  const taken = await timeRuns(prepared, turn, count);
  entry.samples.push((1000 * taken) / count);
  entry.turn += count;
}

async function timeRuns(prepared: PreparedEngine, turn: number, count: number): Promise<number> {
  if (prepared.time) return prepared.time(turn, count);
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const running = prepared.run(turn + i);
    if (running) await running;
  }
  return performance.now() - start;
}

/** Lets a page draw, and stops where it was asked to. */
async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal?.throwIfAborted();
}
