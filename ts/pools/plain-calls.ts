import type { PyramidShape } from '../arguments/batch.js';
import { areSameDims } from '../arguments/checks.js';
import type { PlainTensor } from '../core/result-types.js';
import { dataTypes, WORD_BYTES } from '../core/tensor.js';
import { arrayName, bufferOf, byteOffsetOf, lengthOf } from '../core/typed-array.js';
import type { Access } from '../memory/access.js';
import { operations } from '../memory/job.js';
import type { ResidentTensor } from '../memory/resident-tensor.js';
import type { Internals } from '../runtime/runtime.js';
import type { MapPlanner } from './map-planner.js';
import { type PlainSize, PlainSizes } from './plain-sizes.js';
import type { OutputWithIndices } from './pool.js';

/** A tensor of which nothing is known yet. */
interface Unchecked {
  readonly data: unknown;
  readonly dims: unknown;
}

/**
 * The short way of the calls that training makes by the thousand: maxima of one map of floats, from arrays to new arrays. To pool a small
 * map takes less time than to check and to describe such a call. So each size is described once, and a call for it copies, runs and
 * copies. It looks at no more than tells it from other calls. For those, and for one that fails, it gives `undefined`: then it is for
 * `run` of `run-call.ts`, which takes every call and says what is wrong with one.
 *
 * Between two calls other code runs, after which caches hold little of this. So it takes few steps, which touch few objects, and the items
 * of a map pass in turns through a block that is small enough for the first cache.
 */
export class PlainCalls {
  readonly #sizes: PlainSizes;

  /** `internals` gives those of the pool, or fails. */
  constructor(pyramid: PyramidShape, planner: MapPlanner, internals: () => Internals) {
    this.#sizes = new PlainSizes(pyramid, planner, internals);
  }

  /** Pools `input`, and says where every value came from if `withIndices`. */
  forward(input: Unchecked, withIndices: boolean): PlainTensor<'float32'> | OutputWithIndices | undefined {
    try {
      const { data, dims } = input;
      if (arrayName(data) !== 'Float32Array' || mayBeResident(input)) return undefined;
      const sizes = this.#sizes;
      const size = sizes.of(dims);
      // From here on nothing of the caller's runs, which could take the block.
      if (size === undefined || lengthOf(data as Float32Array) !== size.mapSize) return undefined;
      const access = sizes.accessFor(size);
      if (access === undefined) return undefined;
      const { batch, itemSize, turn, outputDims, outputSize } = size;
      const { buffer, floats, block } = access;
      const source = bufferOf(data as Float32Array);
      const sourceAt = byteOffsetOf(data as Float32Array);
      const operation = withIndices ? operations.forwardWithIndices : operations.forward;
      for (let item = 0; item < batch; item += turn) {
        const items = Math.min(turn, batch - item);
        const part = new Float32Array(source, sourceAt + item * itemSize * WORD_BYTES, items * itemSize);
        floats.set(part, block / WORD_BYTES);
        run(size, access, operation, item, items);
      }
      // Made of views, as engines do not fill such arrays with zeros first.
      const values = new Float32Array(new Float32Array(buffer, block + size.outputAt, outputSize));
      const output = { data: values, dims: outputDims.slice(), type: 'float32', size: outputSize } as const;
      if (!withIndices) return output;
      const cells = new Int32Array(new Int32Array(buffer, block + size.indicesAt, outputSize));
      const indices = { data: cells, dims: outputDims.slice(), type: 'int32', size: outputSize } as const;
      return { output, indices };
    } catch {
      return undefined;
    }
  }

  /** The gradient with respect to the map of `context`. */
  backward(
    gradOutput: Unchecked,
    context: { readonly dims: unknown; readonly indices?: Unchecked; readonly out?: unknown },
  ): PlainTensor<'float32'> | undefined {
    try {
      const { dims, indices } = context;
      if (indices === undefined || context.out !== undefined) return undefined;
      if (mayBeResident(gradOutput) || mayBeResident(indices)) return undefined;
      const { data } = gradOutput;
      const { data: cells } = indices;
      if (arrayName(data) !== 'Float32Array' || arrayName(cells) !== 'Int32Array') return undefined;
      const sizes = this.#sizes;
      const size = sizes.of(dims);
      if (size === undefined) return undefined;
      const { batch, mapSize, itemSize, turn, outputDims, outputSize } = size;
      if (!areSameDims(gradOutput.dims, outputDims)) return undefined;
      if (!areSameDims(indices.dims, outputDims)) return undefined;
      // From here on nothing of the caller's runs, which could take the block.
      if (lengthOf(data as Float32Array) !== outputSize) return undefined;
      if (lengthOf(cells as Int32Array) !== outputSize) return undefined;
      const access = sizes.accessFor(size);
      if (access === undefined) return undefined;
      const { buffer, floats, words, block } = access;
      floats.set(data as Float32Array, (block + size.outputAt) / WORD_BYTES);
      words.set(cells as Int32Array, (block + size.indicesAt) / WORD_BYTES);
      let gradient: Float32Array<ArrayBuffer> | undefined;
      for (let item = 0; item < batch; item += turn) {
        const items = Math.min(turn, batch - item);
        if (!run(size, access, operations.backward, item, items)) return undefined;
        const part = new Float32Array(buffer, block, items * itemSize);
        if (items === batch) {
          gradient = new Float32Array(part);
        } else {
          gradient ??= new Float32Array(mapSize);
          gradient.set(part, item * itemSize);
        }
      }
      return {
        data: gradient as Float32Array<ArrayBuffer>,
        dims: size.dims.slice(),
        type: 'float32',
        size: mapSize,
      };
    } catch {
      return undefined;
    }
  }
}

/** Whether a tensor may live in WASM memory. Those that do can be disposed. */
function mayBeResident(tensor: object): boolean {
  return (tensor as Partial<ResidentTensor>).dispose !== undefined;
}

/**
 * Runs an operation over some items, whose cells begin the block: a job of the words that `describeJobs` gives others. False where indices
 * are none of cells: then nothing was run.
 */
function run(size: PlainSize, access: Access, operation: number, first: number, items: number): boolean {
  const { words, job, block } = access;
  const at = job / WORD_BYTES;
  const before = (first * size.outputSize * WORD_BYTES) / size.batch;
  words[at] = size.plan.address;
  words[at + 1] = items;
  words[at + 2] = size.channels;
  words[at + 3] = operation;
  words[at + 4] = block;
  words[at + 5] = block + size.outputAt + before;
  words[at + 6] = block + size.indicesAt + before;
  words[at + 7] = dataTypes.float32.element;
  return access.run(job, access.scratch) !== 0;
}
