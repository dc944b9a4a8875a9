import { createHash } from 'node:crypto';
import { dataTypes } from '../../../ts/core/tensor.js';
import { operations } from '../../../ts/memory/job.js';
import { cellsOf, outputLengthOf } from '../core/index.js';
import type { Workload } from '../core/workload.js';
import type { Channel } from './channel.js';

const FLOAT_BYTES = 4;
const JOB_WORDS = 8;
const JOB_BYTES = JOB_WORDS * FLOAT_BYTES;
const PIXELS = 16;

/** What an engine does again and again, by one call from outside. */
export interface PreparedEngine {
  /** Runs that a call may be made of, at most. */
  readonly most: number;
  /** Does the work `count` times, by turns over the inputs. Gives milliseconds. */
  time(count: number): Promise<number>;
  /** Throws where the answer to an input is not the right one. */
  check(): Promise<void>;
}

type Bytes = Float32Array | Int32Array | Uint32Array | Uint8Array;

/** A module in an engine, as docs/abi.md has it. */
class Instance {
  constructor(readonly channel: Channel) {}

  async call(name: string, ...args: number[]): Promise<number> {
    return (await this.channel.ask({ do: 'call', name, args })) as number;
  }

  time(name: string, ...args: number[]): Promise<number> {
    return this.channel.ask({ do: 'time', name, args }) as Promise<number>;
  }

  async write(address: number, { buffer, byteOffset, byteLength }: Bytes): Promise<void> {
    const data = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
    await this.channel.ask({ do: 'write', address, data });
  }

  hash(address: number, bytes: number): Promise<string> {
    return this.channel.ask({ do: 'hash', address, bytes }) as Promise<string>;
  }

  /** A new block that holds these bytes. */
  async place(bytes: Bytes): Promise<number> {
    const address = await this.alloc(bytes.byteLength);
    await this.write(address, bytes);
    return address;
  }

  async alloc(bytes: number): Promise<number> {
    const address = await this.call('alloc', bytes);
    if (address === 0) throw new Error('memory is exhausted');
    return address;
  }
}

const hashOf = ({ buffer, byteOffset, byteLength }: Bytes) =>
  createHash('sha256')
    .update(Buffer.from(buffer, byteOffset, byteLength))
    .digest('hex');

function expectHash(found: string, wanted: Bytes): void {
  if (found !== hashOf(wanted)) throw new Error('the answer is wrong');
}

/** Pooling by the module that an engine has loaded: a list of jobs in one `run`, so that the time of the call from outside does not matter. */
export async function preparePool(channel: Channel, workload: Workload): Promise<PreparedEngine> {
  const instance = new Instance(channel);
  const plans = await inTurn([...workload.maps.keys()], (i) => plan(instance, workload, i));
  const [batch, channels] = workload.case.dims;
  const outputBytes = FLOAT_BYTES * outputLengthOf(workload.case);
  const maps = await inTurn(workload.maps, (map) => instance.place(map));
  const output = await instance.alloc(outputBytes);
  const ofRegions = workload.case.regions !== undefined;
  const number = (name: 'forward' | 'indices' | 'backward') =>
    ofRegions
      ? {
          forward: operations.regions,
          indices: operations.regionsWithIndices,
          backward: operations.regionsBackward,
        }[name]
      : {
          forward: operations.forward,
          indices: operations.forwardWithIndices,
          backward: operations.backward,
        }[name];
  const operation = number(workload.operation as 'forward');
  const job = (i: number, operation: number, input: number, output: number, indices: number) => [
    plans[i] as number,
    batch,
    channels,
    operation,
    input,
    output,
    indices,
    dataTypes.float32.element,
  ];
  const scratchOf = (plan: number, operation: number) =>
    instance.call(ofRegions ? 'regions_scratch' : 'plan_scratch', plan, operation, dataTypes.float32.element);

  let jobs: number[][];
  let results: { address: number; bytes: number }[];
  const scratchWords = await inTurn(plans, async (plan) =>
    Math.max(await scratchOf(plan, operation), await scratchOf(plan, number('indices'))),
  );
  const scratch = await instance.alloc(FLOAT_BYTES * Math.max(...scratchWords));
  const one = await instance.alloc(JOB_BYTES);
  const run = async (words: number[]) => {
    await instance.write(one, Uint32Array.from(words));
    await instance.call('run', one, 1, 0, await instance.call('job_units', one, 1), scratch);
  };
  if (workload.operation === 'backward') {
    const gradients = await inTurn(workload.gradients, (gradient) => instance.place(gradient));
    const indices = await inTurn(maps, () => instance.alloc(outputBytes));
    const input = await instance.alloc(FLOAT_BYTES * cellsOf(workload.case));
    for (const [i, map] of maps.entries())
      await run(job(i, number('indices'), map, output, indices[i] as number));
    jobs = maps.map((_, i) => job(i, operation, input, gradients[i] as number, indices[i] as number));
    results = [{ address: input, bytes: FLOAT_BYTES * cellsOf(workload.case) }];
  } else {
    const indices = workload.operation === 'indices' ? await instance.alloc(outputBytes) : 0;
    jobs = maps.map((map, i) => job(i, operation, map, output, indices));
    results = [output, ...(indices ? [indices] : [])].map((address) => ({ address, bytes: outputBytes }));
  }

  const most = Math.max(jobs.length, Math.min(20_000, Math.ceil(2 ** 20 / JOB_BYTES)));
  const list = await instance.alloc(JOB_BYTES * most);
  await instance.write(
    list,
    Uint32Array.from({ length: JOB_WORDS * most }, (_, at) => {
      const words = jobs[Math.floor(at / JOB_WORDS) % jobs.length] as number[];
      return words[at % JOB_WORDS] as number;
    }),
  );
  return {
    most,
    async time(count) {
      return instance.time('run', list, count, 0, await instance.call('job_units', list, count), scratch);
    },
    async check() {
      for (const [i, words] of jobs.entries()) {
        await run(words);
        for (const [at, { address, bytes }] of results.entries()) {
          expectHash(await instance.hash(address, bytes), (workload.expected[i] as Bytes[])[at] as Bytes);
        }
      }
    },
  };
}

/** The plan for a map of a case, or for the regions of one. */
async function plan(instance: Instance, workload: Workload, i: number): Promise<number> {
  const { dims, levels, regions } = workload.case;
  const [batch, , height, width] = dims;
  const list = await instance.place(Uint32Array.from(levels.flatMap((n) => [n, n])));
  const count = levels.length;
  if (regions === undefined)
    return planned(await instance.call('plan_new', height, width, list, count, 0, 0));
  const rois = await instance.place(workload.regions[i] as Float32Array);
  const request = new Uint8Array(64);
  new Uint32Array(request.buffer).set([batch, height, width, list, count, 0, 0, rois, regions]);
  new Float64Array(request.buffer, 40).set([1 / PIXELS, 0, 0]);
  return planned(await instance.call('regions_new', await instance.place(request)));
}

function planned(plan: number): number {
  if (plan < 3) throw new Error(`there is no plan: ${plan}`);
  return plan;
}

/** The sweep over the same bytes, as the benchmark's engine `bound` does it, many times in one call. */
export async function prepareBound(
  channel: Channel,
  workload: Workload,
): Promise<PreparedEngine | undefined> {
  if (workload.case.regions) return undefined;
  const instance = new Instance(channel);
  const bytes = FLOAT_BYTES * cellsOf(workload.case);
  const name = { forward: 'maximum', indices: 'place', backward: 'fill' }[workload.operation as 'forward'];
  const maps = workload.operation === 'backward' ? workload.maps.slice(0, 1) : workload.maps;
  await instance.call('reserve', Math.ceil((bytes * maps.length) / 65_536));
  for (const [i, map] of maps.entries()) await instance.write(i * bytes, map);
  return {
    most: 1_000_000,
    time: (count) => instance.time(`${name}Times`, 0, bytes, maps.length, count),
    async check() {
      for (const [i, map] of maps.entries()) {
        if (workload.operation === 'backward') {
          await instance.call('fill', 0, bytes);
          expectHash(await instance.hash(0, bytes), new Uint8Array(bytes));
        } else {
          const largest = map.reduce((most, value) => Math.max(most, value));
          // The greatest value comes back as a number of 32 bits would: only its place is compared.
          if ((await instance.call('place', i * bytes, bytes)) !== map.indexOf(largest))
            throw new Error('the answer is wrong');
        }
      }
    },
  };
}

/** One after the other: an engine does one command at a time. */
async function inTurn<T, R>(list: readonly T[], make: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of list) results.push(await make(item));
  return results;
}
