import { areSameDims } from '../arguments/checks.js';
import type { FeatureMapShape } from '../arguments/feature-map.js';
import { countElements, dataTypes, WORD_BYTES } from '../core/tensor.js';
import { MOST_KEPT_BYTES, MOST_PLANS } from '../core/tuning.js';
import type { Access, Views } from '../memory/access.js';
import { roomFor } from '../memory/call-memory.js';
import { ALL_UNITS, JOB_BYTES, operations } from '../memory/job.js';
import type { Plan } from '../plans/plan.js';
import type { Internals } from '../runtime/runtime.js';
import type { Call } from './call.js';
import type { MapPlanner } from './map-planner.js';
import { Pool } from './pool.js';

/** A size of map of floats that a pool has met, and what calls for it take. */
export interface PlainSize {
  readonly dims: readonly number[];
  readonly outputDims: readonly number[];
  readonly shape: FeatureMapShape;
  readonly plan: Plan;
  /** What runs its calls, in memory that no other thread sees. */
  readonly own: Internals;
  /** Bytes of a block for the map, the output and the indices. */
  readonly bytes: number;
  /** Bytes of working memory that any of the operations needs. */
  readonly scratchBytes: number;
}

/** Axes of a map at most. */
const MOST_AXES = 4;

/** The sizes of maps of floats that a pool has met. */
export class PlainSizes {
  readonly #planner: MapPlanner;
  readonly #sizes = new Map<number, PlainSize>();
  /** The size that was found last: most calls of backward are for that of the call before. */
  #last: PlainSize | undefined;

  constructor(planner: MapPlanner) {
    this.#planner = planner;
  }

  /** The size with these `dims`, if the pool has met it. */
  find(dims: unknown): PlainSize | undefined {
    if (!Array.isArray(dims)) return undefined;
    const last = this.#last;
    if (last !== undefined && areSameDims(dims, last.dims)) return last;
    const size = this.#sizes.get(keyOf(dims));
    if (size === undefined || !areSameDims(dims, size.dims)) return undefined;
    this.#last = size;
    return size;
  }

  /**
   * Describes the size of a call, and reserves what the next call for it takes, in memory that no other thread sees. Where there is no such
   * memory, or no room in it, calls for the size go on as this one went.
   */
  learn(call: Call): void {
    try {
      const size = this.#describe(call);
      if (size) this.#keep(size);
    } catch {
      // The call was right and has its result.
    }
  }

  /** What a call for a size takes: nothing where its size is known, or where there is no short way for it. */
  #describe({ pool, batch, output }: Call): PlainSize | undefined {
    const [shape] = batch.shapes;
    if (!shape || shape.batch === 0 || batch.ragged || output.type !== 'float32') return undefined;
    const internals = Pool.internals(pool);
    const own = internals.memory.sharing ? internals.unshared?.made : internals;
    if (!own) return undefined;
    const { dims } = shape;
    const known = this.find(dims);
    if (known && accessFor(known)) return undefined;
    const { outputDims } = batch;
    const bytes = roomForWords(dims) + 2 * roomForWords(outputDims);
    if (bytes > MOST_KEPT_BYTES) return undefined;
    const plan = this.#planner.acquire(own, shape);
    plan.release();
    const { forward, forwardWithIndices, backward } = operations;
    const { element } = dataTypes.float32;
    const scratchWords = [forward, forwardWithIndices, backward].map((n) => plan.scratchWords(n, element));
    const scratchBytes = Math.max(...scratchWords) * WORD_BYTES;
    own.dispatcher.jobs.atLeast(JOB_BYTES);
    own.dispatcher.scratch.atLeast(scratchBytes);
    own.keptBlock.atLeast(bytes);
    return { dims, outputDims, shape, plan, own, bytes, scratchBytes };
  }

  #keep(size: PlainSize): void {
    if (this.#sizes.size >= MOST_PLANS) this.#sizes.clear();
    this.#sizes.set(keyOf(size.dims), size);
    this.#last = size;
  }
}

/** What a call for a size needs of its memory, if all that was reserved for it is still there. */
export function accessFor({ own, plan, bytes, scratchBytes }: PlainSize): Access | undefined {
  let { access } = own.memory;
  if (access === undefined || access.words.length === 0) access = open(own);
  if (access === undefined || plan.address === 0) return undefined;
  return bytes <= access.blockBytes && scratchBytes <= access.scratchBytes ? access : undefined;
}

/** The tensors of a call for a size. */
export function viewsFor(size: PlainSize, access: Access): Views {
  let views = access.views.get(size);
  if (views === undefined) {
    views = makeViews(size, access);
    access.views.set(size, views);
  }
  return views;
}

/** Puts at hand what calls of every size need, unless another call uses the block for tensors. */
function open({ memory, keptBlock, dispatcher }: Internals): Access | undefined {
  const { jobs, scratch } = dispatcher;
  if (keptBlock.taken || jobs.bytes < JOB_BYTES) return undefined;
  const { kernels } = memory;
  memory.access = {
    words: new Int32Array(memory.buffer),
    run: kernels.run,
    firstBadIndex: kernels.first_bad_index,
    job: jobs.address,
    scratch: scratch.address,
    scratchBytes: scratch.bytes,
    block: keptBlock.address,
    blockBytes: keptBlock.bytes,
    views: new WeakMap(),
  };
  return memory.access;
}

function makeViews({ dims, outputDims }: PlainSize, { words, block }: Access): Views {
  const { buffer } = words;
  const output = block + roomForWords(dims);
  const indices = output + roomForWords(outputDims);
  const values = countElements(outputDims);
  return {
    map: new Float32Array(buffer, block, countElements(dims)),
    output: new Float32Array(buffer, output, values),
    indices: new Int32Array(buffer, indices, values),
  };
}

/** Runs an operation over the tensors of a call: a job of the words that `describeJobs` gives others. */
export function runPlain(
  { plan, shape }: PlainSize,
  { words, job, run, scratch }: Access,
  { map, output, indices }: Views,
  operation: number,
): void {
  const at = job / WORD_BYTES;
  words[at] = plan.address;
  words[at + 1] = shape.batch;
  words[at + 2] = shape.channels;
  words[at + 3] = operation;
  words[at + 4] = map.byteOffset;
  words[at + 5] = output.byteOffset;
  words[at + 6] = indices.byteOffset;
  words[at + 7] = dataTypes.float32.element;
  run(job, 1, 0, ALL_UNITS, scratch);
}

function roomForWords(dims: readonly number[]): number {
  return roomFor(countElements(dims) * WORD_BYTES);
}

/** A number that sizes which differ seldom share. What are no sizes have one that no size has. */
function keyOf(dims: readonly unknown[]): number {
  if (dims.length > MOST_AXES) return -1;
  let key = 0;
  for (let axis = 0; axis < dims.length; axis++) {
    const size = dims[axis];
    if (typeof size !== 'number') return -1;
    key = (Math.imul(key, 31) + size) & 0x3fffffff;
  }
  return key;
}
