/** The benchmark of engines at a terminal. See `--help`. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Case, cases, type Operation, ratioOf, spreadOf } from '../core/index.js';
import { CaseWorkloads, type Workload } from '../core/workload.js';
import { describeMachine } from '../machine.js';
import { checkCount, readNames, refuseOthers, runBenchmark, UsageError } from '../options.js';
import type { Channel } from './channel.js';
import { type Found, findEngines } from './find.js';
import { help } from './help.mjs';
import { type ModuleName, moduleText } from './modules.js';
import { type PreparedEngine, prepareBound, preparePool } from './prepared-engine.js';
import { probe } from './probes.js';
import type { EngineResult, EnginesReport, Start } from './record.js';
import { writeEngines } from './report.js';

const OPERATIONS = ['forward', 'indices', 'backward'] as const satisfies Operation[];
const MODULES: readonly ModuleName[] = ['simd', 'scalar', 'bound'];
/** RoIAlign is left out: its answers are checked by the benchmark of the package. */
const CASES = cases.filter(({ samplingRatio }) => samplingRatio === undefined);
const STARTS = 5;
/** Milliseconds of a sample, and of the runs before the first, so that engines compile for good. */
const SAMPLE_MS = 8;
const WARM_MS = 300;
/** For those that are timed from outside, whose calls vary by a part of a millisecond. */
const OUTSIDE_MS = 40;

function readOptions() {
  const { values } = parseArgs({
    options: {
      case: { type: 'string', multiple: true },
      operation: { type: 'string', multiple: true },
      engine: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '9' },
      probes: { type: 'boolean', default: false },
      json: { type: 'string' },
      record: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const options = {
    ...values,
    case: readNames('case', values.case),
    operation: readNames('operation', values.operation),
    engine: readNames('engine', values.engine),
  };
  refuseOthers(
    'case',
    options.case ?? [],
    CASES.map(({ name }) => name),
  );
  refuseOthers('operation', options.operation ?? [], OPERATIONS);
  checkCount('rounds', values.rounds);
  return options;
}

/** An engine under way: an engine's process holds one module at a time, so each module has a process. */
interface Entry {
  readonly found: Found;
  readonly module: ModuleName;
  readonly channel: Channel;
  prepared?: PreparedEngine;
  count: number;
  samples: number[];
}

function progress(text: string): void {
  if (process.stderr.isTTY)
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  else process.stderr.write(`${text}\n`);
}

/** Milliseconds of `count` runs. */
async function timeOf({ found, prepared, channel }: Entry, count: number): Promise<number> {
  if (!found.timedOutside) return (prepared as PreparedEngine).time(count);
  const start = performance.now();
  await (prepared as PreparedEngine).time(count);
  const end = performance.now();
  // The two commands that a sample is made of, once more with nothing to do.
  await channel.ask({ do: 'hash', address: 0, bytes: 0 });
  await channel.ask({ do: 'hash', address: 0, bytes: 0 });
  return Math.max(end - start - (performance.now() - end), 1e-3);
}

/** Chooses how many runs a sample has, and runs until the engine has compiled what it compiles. */
async function warmUp(entry: Entry): Promise<void> {
  const until = performance.now() + WARM_MS;
  const sampleMs = entry.found.timedOutside ? OUTSIDE_MS : SAMPLE_MS;
  const { most } = entry.prepared as PreparedEngine;
  let fastest = Number.POSITIVE_INFINITY;
  let count = 1;
  do {
    const taken = await timeOf(entry, count);
    // A shorter time says little: seen from outside, it can be less than what a command takes more or less.
    if (taken >= sampleMs / 2) fastest = Math.min(fastest, taken / count);
    else if (count === most) break;
    else count = Math.min(2 * count, most);
  } while (performance.now() < until || fastest === Number.POSITIVE_INFINITY);
  entry.count = Math.min(Math.max(count, Math.ceil(sampleMs / fastest)), most);
}

/** Measures one piece of work in all engines by turns. */
async function measure(
  workload: Workload,
  entries: readonly Entry[],
  rounds: number,
): Promise<EngineResult[]> {
  const label = `${workload.case.name} ${workload.operation}`;
  const ready: Entry[] = [];
  for (const entry of entries) {
    const { found, module, channel } = entry;
    progress(`${label}: ${found.name}, ${module}`);
    if (found.interprets && workload.case.dims[0] * workload.case.dims[1] * workload.case.dims[2] > 2 ** 14)
      continue;
    try {
      await channel.ask({ do: 'load', name: module, wasm: moduleText(module) });
      entry.prepared = await (module === 'bound' ? prepareBound : preparePool)(channel, workload);
      if (!entry.prepared) continue;
      await entry.prepared.check();
      await warmUp(entry);
    } catch (error) {
      throw new Error(`${found.name}, ${module}, ${label}: ${(error as Error).message}`, { cause: error });
    }
    entry.samples = [];
    ready.push(entry);
  }
  for (let round = 0; round < rounds; round++) {
    progress(`${label}: round ${round + 1} of ${rounds}`);
    // Another one begins each time, so that nobody always follows the same one.
    for (let i = 0; i < ready.length; i++) {
      const entry = ready[(i + round) % ready.length] as Entry;
      entry.samples.push((1000 * (await timeOf(entry, entry.count))) / entry.count);
    }
  }
  return ready.map(({ found, module, samples }) => ({
    case: workload.case.name,
    operation: workload.operation,
    engine: found.name,
    module,
    samples,
  }));
}

/** Compiling and instantiating copies of a module that no engine has seen, and the first forward call of case a. */
async function starts(entries: readonly Entry[], workload: Workload): Promise<Start[]> {
  const results: Start[] = [];
  for (const { found, module, channel } of entries) {
    if (module === 'bound') continue;
    progress(`start: ${found.name}, ${module}`);
    const times: { compile: number; instantiate: number; first: number }[] = [];
    let code: number | undefined;
    for (let i = 0; i < STARTS; i++) {
      const loaded = (await channel.ask({ do: 'load', name: module, wasm: moduleText(module) })) as {
        compile: number;
        instantiate: number;
        code?: number;
      };
      code = loaded.code;
      const prepared = await preparePool(channel, workload);
      times.push({ ...loaded, first: await prepared.time(1) });
    }
    const median = (of: 'compile' | 'instantiate' | 'first') =>
      spreadOf(times.map((time) => time[of])).median;
    results.push({
      engine: found.name,
      module,
      ...(found.timedOutside
        ? {}
        : { compile: median('compile'), instantiate: median('instantiate'), first: median('first') }),
      ...(code === undefined ? {} : { code }),
    });
  }
  return results;
}

async function open(engines: readonly Found[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const found of engines) {
    progress(`starting ${found.name}`);
    try {
      const opened: Entry[] = [];
      for (const module of MODULES) {
        opened.push({ found, module, channel: await found.open(), count: 1, samples: [] });
      }
      entries.push(...opened);
    } catch (error) {
      console.log(`left out: ${found.name} does not start (${(error as Error).message})`);
    }
  }
  return entries;
}

function print(results: readonly EngineResult[]): void {
  let heading = '';
  for (const { case: name, operation, engine, module, samples } of results) {
    if (heading !== `${name} ${operation}`) {
      heading = `${name} ${operation}`;
      console.log(`\n${heading}`);
    }
    const same = (other: EngineResult) => other.case === name && other.operation === operation;
    const base = results.find((other) => same(other) && other.module === module);
    const bound = results.find((other) => same(other) && other.engine === engine && other.module === 'bound');
    const { median } = spreadOf(samples);
    const ratio = base ? `${ratioOf(samples, base.samples).median.toFixed(2)} x ${base.engine}` : '';
    const times =
      bound && module !== 'bound' ? `${ratioOf(samples, bound.samples).median.toFixed(2)} x its bound` : '';
    console.log(
      `  ${`${engine} ${module}`.padEnd(30)}${median.toFixed(1).padStart(11)} µs  ${ratio.padEnd(16)}${times}`,
    );
  }
}

type Part = Partial<Pick<EnginesReport, 'starts' | 'probes' | 'results'>>;

async function* probed(
  entries: readonly Entry[],
  options: ReturnType<typeof readOptions>,
): AsyncGenerator<Part> {
  const plain = entries.filter(({ module }) => module === 'bound');
  yield { probes: await probe(plain, Number(options.rounds), progress) };
}

/** The starts, then one case after the other. */
async function* timed(
  entries: readonly Entry[],
  options: ReturnType<typeof readOptions>,
): AsyncGenerator<Part> {
  yield { starts: await starts(entries, new CaseWorkloads(cases[0] as Case).workload('forward')) };
  const chosen = options.case ?? CASES.filter(({ regions }) => regions === undefined).map(({ name }) => name);
  for (const c of CASES.filter(({ name }) => chosen.includes(name))) {
    const caseWorkloads = new CaseWorkloads(c);
    const results: EngineResult[] = [];
    for (const operation of (options.operation ?? OPERATIONS) as Operation[]) {
      results.push(...(await measure(caseWorkloads.workload(operation), entries, Number(options.rounds))));
    }
    yield { results };
  }
}

async function main(options: ReturnType<typeof readOptions>): Promise<void> {
  const all = findEngines();
  const engines = all.filter(
    ({ name }) => !options.engine || options.engine.some((start) => name.startsWith(start)),
  );
  if (engines.length === 0) throw new UsageError(`No engine is called ${options.engine}: see --list.`);
  if (options.list) {
    for (const { name, engine, version } of engines) console.log(name.padEnd(22), engine.padEnd(24), version);
    return;
  }
  const entries = await open(engines);
  try {
    let report: EnginesReport = {
      machine: describeMachine(),
      engines: engines.map(({ name, engine, version }) => ({ name, engine, version })),
      starts: [],
      probes: [],
      results: [],
    };
    for await (const part of options.probes ? probed(entries, options) : timed(entries, options)) {
      print(part.results ?? []);
      report = { ...report, ...part, results: [...report.results, ...(part.results ?? [])] };
      // After each case, so that a run that is interrupted keeps what it has.
      if (options.json) writeFileSync(options.json, `${JSON.stringify(report)}\n`);
      if (options.record) await writeEngines(report);
    }
  } finally {
    for (const { channel } of entries) await channel.close();
  }
}

await runBenchmark(async () => {
  const options = readOptions();
  if (options.help) console.log(help.trim());
  else await main(options);
  process.exit();
});
