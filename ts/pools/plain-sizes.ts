import { batchOfDims, type PyramidShape } from '../arguments/batch.js';
import { areSameDims } from '../arguments/checks.js';
import type { FeatureMapShape } from '../arguments/feature-map.js';
import { countElements, dataTypes, WORD_BYTES } from '../core/tensor.js';
import { MOST_KEPT_BYTES, MOST_PLANS, TURN_BYTES } from '../core/tuning.js';
import type { Access } from '../memory/access.js';
import { roomFor } from '../memory/call-memory.js';
import { JOB_BYTES, operations } from '../memory/job.js';
import type { Plan } from '../plans/plan.js';
import type { Internals } from '../runtime/runtime.js';
import type { MapPlanner } from './map-planner.js';

/** A size of map of floats, and what calls for it take. All in one object, since calls find little of it in the caches. */
export interface PlainSize {
  readonly dims: readonly number[];
  readonly outputDims: readonly number[];
  readonly batch: number;
  readonly channels: number;
  /** Elements of the map, and of the output. */
  readonly mapSize: number;
  readonly outputSize: number;
  /** Elements of the map of an item. */
  readonly itemSize: number;
  /** Number of items that are taken at a time. */
  readonly turn: number;
  /** Where the output and the indices lie in a block that begins with the items of a turn, and how many bytes it has. */
  readonly outputAt: number;
  readonly indicesAt: number;
  readonly blockBytes: number;
  /** Bytes of working memory that any of the operations needs. */
  readonly scratchBytes: number;
  readonly shape: FeatureMapShape;
  /** Made anew where it was freed. */
  plan: Plan;
}

/** Axes of a map at most. */
const MOST_AXES = 4;

/** The sizes of maps of floats that a pool has met. Their calls run in memory that no other thread sees. */
export class PlainSizes {
  readonly #pyramid: PyramidShape;
  readonly #planner: MapPlanner;
  readonly #internals: () => Internals;
  readonly #sizes = new Map<number, PlainSize>();
  /** The size that was asked for last: most calls of backward are for that of the call before. */
  #last: PlainSize | undefined;
  /** What runs the calls, once it is there. */
  #own: Internals | undefined;

  /** `internals` gives those of the pool, or fails. */
  constructor(pyramid: PyramidShape, planner: MapPlanner, internals: () => Internals) {
    this.#pyramid = pyramid;
    this.#planner = planner;
    this.#internals = internals;
  }

  /** The size with these `dims`: none where they are no map's, or where there is no short way for it. */
  of(dims: unknown): PlainSize | undefined {
    if (!Array.isArray(dims) || dims.length > MOST_AXES) return undefined;
    const last = this.#last;
    if (last !== undefined && areSameDims(dims, last.dims)) return last;
    // Sizes that differ seldom share a key.
    let key = 0;
    for (let axis = 0; axis < dims.length; axis++) key = (Math.imul(key, 31) + dims[axis]) & 0x3fffffff;
    let size = this.#sizes.get(key);
    if (size === undefined || !areSameDims(dims, size.dims)) {
      size = this.#describe(dims);
      if (size === undefined) return undefined;
      if (this.#sizes.size >= MOST_PLANS) this.#sizes.clear();
      this.#sizes.set(key, size);
    }
    this.#last = size;
    return size;
  }

  /** What a call for a size needs of its memory. None while another call uses the block for tensors. */
  accessFor(size: PlainSize): Access | undefined {
    const access = this.#own?.memory.access;
    const atHand =
      access !== undefined &&
      access.words.length > 0 &&
      size.plan.address !== 0 &&
      size.blockBytes <= access.blockBytes &&
      size.scratchBytes <= access.scratchBytes;
    return atHand ? access : this.#reserve(size);
  }

  #describe(given: readonly unknown[]): PlainSize | undefined {
    this.#own ??= this.#findOwn();
    if (this.#own === undefined) return undefined;
    const { shapes, outputDims, ragged } = batchOfDims(given, this.#pyramid);
    const shape = shapes[0] as FeatureMapShape;
    const { dims, batch, channels } = shape;
    if (ragged || batch === 0) return undefined;
    const mapSize = countElements(dims);
    const outputSize = countElements(outputDims);
    if ((mapSize + 2 * outputSize) * WORD_BYTES > MOST_KEPT_BYTES) return undefined;
    const itemSize = mapSize / batch;
    const turn = Math.min(batch, Math.max(1, Math.floor(TURN_BYTES / (itemSize * WORD_BYTES))));
    const outputAt = roomFor(turn * itemSize * WORD_BYTES);
    const indicesAt = outputAt + roomFor(outputSize * WORD_BYTES);
    const blockBytes = 2 * indicesAt - outputAt;
    const plan = this.#plan(this.#own, shape);
    const { forward, forwardWithIndices, backward } = operations;
    const { element } = dataTypes.float32;
    const scratchWords = [forward, forwardWithIndices, backward].map((n) => plan.scratchWords(n, element));
    const scratchBytes = Math.max(...scratchWords) * WORD_BYTES;
    // Field by field: with a spread of the shape, forward in `npm start` takes 1.15 times as long.
    return {
      dims,
      outputDims,
      batch,
      channels,
      mapSize,
      outputSize,
      itemSize,
      turn,
      outputAt,
      indicesAt,
      blockBytes,
      scratchBytes,
      shape,
      plan,
    };
  }

  /** The instance over memory that is the calling thread's own, if it is there. */
  #findOwn(): Internals | undefined {
    const internals = this.#internals();
    return internals.memory.sharing ? internals.unshared?.made : internals;
  }

  #plan(own: Internals, shape: FeatureMapShape): Plan {
    const plan = this.#planner.acquire(own, shape);
    plan.release();
    return plan;
  }

  /** Reserves what calls for a size take, and puts it at hand. */
  #reserve(size: PlainSize): Access | undefined {
    const own = this.#own as Internals;
    const { memory, keptBlock, dispatcher } = own;
    if (keptBlock.taken) return undefined;
    const { jobs, scratch } = dispatcher;
    jobs.atLeast(JOB_BYTES);
    scratch.atLeast(size.scratchBytes);
    keptBlock.atLeast(size.blockBytes);
    // Last, since plans are freed where memory is short.
    if (size.plan.address === 0) size.plan = this.#plan(own, size.shape);
    const { kernels, buffer } = memory;
    memory.access = {
      buffer,
      floats: new Float32Array(buffer),
      words: new Int32Array(buffer),
      run: kernels.run_checked,
      job: jobs.address,
      scratch: scratch.address,
      scratchBytes: scratch.bytes,
      block: keptBlock.address,
      blockBytes: keptBlock.bytes,
    };
    return memory.access;
  }
}
