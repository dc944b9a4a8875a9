/** The benchmark at a terminal. See `--help`. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { coldStart } from './cold-start.js';
import {
  builtIn,
  cases,
  type Engine,
  type Operation,
  operations,
  type Result,
  ratioOf,
  run,
  spreadOf,
  sweep,
} from './core/index.js';
import { help } from './help.mjs';
import { describeMachine } from './machine.js';
import { checkCount, readNames, refuseOthers, runBenchmark, UsageError } from './options.js';
import { peers } from './peers/index.js';
import { writeRecord } from './record.js';
import { writeTypes } from './report/types.js';
import { benchTypes, typeOperations } from './types.js';

/** Reads the command line. */
function readOptions() {
  const { values } = parseArgs({
    options: {
      case: { type: 'string', multiple: true },
      operation: { type: 'string', multiple: true },
      engine: { type: 'string', multiple: true },
      threads: { type: 'string', default: '2' },
      rounds: { type: 'string' },
      json: { type: 'string' },
      record: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      onnx: { type: 'boolean', default: false },
      types: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { threads, rounds } = values;
  const names = readNames('case', values.case);
  const chosen = readNames('operation', values.operation);
  const engine = readNames('engine', values.engine);
  const points = sweep.map(({ name }) => name);
  const named = cases.map(({ name }) => name);
  refuseOthers('case', names ?? [], [...named, 'sweep', ...points], [...named, 'sweep', `${points[0]}`, '…']);
  refuseOthers('operation', chosen ?? [], values.types ? typeOperations : operations);
  for (const [name, text] of Object.entries({ threads, rounds })) checkCount(name, text);
  return { ...values, case: names, operation: chosen, engine };
}

let options: ReturnType<typeof readOptions>;

async function main(): Promise<void> {
  if (options.onnx) {
    const { benchOnnx } = await import('./onnx.js');
    return benchOnnx(Number(options.rounds ?? 15));
  }
  if (options.types) return measureTypes();
  const engines = await chosenEngines();
  if (options.list) {
    for (const { name, about } of engines) console.log(name.padEnd(24), about);
    return;
  }
  try {
    const results = await measure(engines);
    print(results);
    const report = {
      machine: describeMachine(),
      engines: engines.map(describe),
      coldStart: coldStart(),
      results,
    };
    showColdStart(report.coldStart);
    if (options.json) writeFileSync(options.json, `${JSON.stringify(report)}\n`);
    if (options.record) await writeRecord(report);
  } finally {
    for (const engine of engines) engine.dispose?.();
  }
}

function describe({ name, kind, about }: Engine): Pick<Engine, 'name' | 'kind' | 'about'> {
  return { name, kind, about };
}

async function measureTypes(): Promise<void> {
  const rounds = options.rounds ? Number(options.rounds) : undefined;
  const results = await benchTypes({ cases: options.case, operations: options.operation, rounds });
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results)}\n`);
  if (options.record) writeTypes(describeMachine(), results);
}

async function chosenEngines(): Promise<Engine[]> {
  const threads = Array.from({ length: Number(options.threads) }, (_, i) => i + 1);
  const all = [...builtIn({ threads }), ...(await peers(threads))];
  const { engine: wanted } = options;
  const engines = all.filter(({ name }) => !wanted || wanted.some((start) => name.startsWith(start)));
  if (engines.length === 0) throw new UsageError(`No engine is called ${wanted}: see --list.`);
  return engines;
}

async function measure(engines: Engine[]): Promise<Result[]> {
  const named = (list: typeof cases) =>
    list.filter(({ name }) => !options.case || options.case.includes(name));
  const points = options.case?.includes('sweep') ? sweep : named(sweep);
  const chosen = (options.operation ?? operations) as Operation[];
  const rounds = options.rounds ? Number(options.rounds) : undefined;
  const local = engines.filter(({ kind }) => kind !== 'peer');
  const results: Result[] = [];
  const parts = [
    { cases: named(cases), operations: chosen, engines, rounds: rounds ?? 25 },
    // Points of the sweep are many and its curves smooth: fewer samples do.
    {
      cases: points,
      operations: chosen.filter((name) => name === 'forward'),
      engines: local,
      rounds: rounds ?? 9,
    },
  ];
  for (const part of parts) {
    for await (const event of run(part)) {
      if (event.kind === 'result') results.push(event.result);
      else showProgress(event);
    }
  }
  return results;
}

let shown = '';

/** A line that is written over; where it goes to a file, one for each piece of work. */
function showProgress({ done, total, now }: { done: number; total: number; now: string }): void {
  const text = `${done} of ${total} done; ${now}`;
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    if (done === total) process.stderr.write('\r\x1b[K');
    return;
  }
  const [work] = now.split(':') as [string];
  if (work !== shown) process.stderr.write(`${done} of ${total} done; ${work}\n`);
  shown = work;
}

function print(results: readonly Result[]): void {
  let heading = '';
  for (const { case: name, operation, engine, samples } of results) {
    if (heading !== `${name} ${operation}`) {
      heading = `${name} ${operation}`;
      console.log(`\n${heading}`);
    }
    const { median, low, high } = spreadOf(samples);
    const bound = results.find(
      (other) => other.engine === 'bound' && other.case === name && other.operation === operation,
    );
    const times = bound ? `${ratioOf(samples, bound.samples).median.toFixed(2)} x bound` : '';
    const range = `${low.toFixed(1)} .. ${high.toFixed(1)}`;
    console.log(`  ${engine.padEnd(24)}${median.toFixed(1).padStart(11)}  ${range.padEnd(22)}${times}`);
  }
}

function showColdStart(samples: readonly number[] | undefined): void {
  if (!samples) return;
  const { median, low, high } = spreadOf(samples);
  console.log(`\nimport to first result: ${median.toFixed(1)} ms (${low.toFixed(1)} .. ${high.toFixed(1)})`);
}

await runBenchmark(async () => {
  options = readOptions();
  if (options.help) console.log(help.trim());
  else await main();
});
