import { areSameDims } from '../arguments/checks.js';
import type { PlainTensor } from '../core/result-types.js';
import { arrayName, lengthOf } from '../core/typed-array.js';
import { operations } from '../memory/job.js';
import { ResidentTensor } from '../memory/resident-tensor.js';
import type { Call } from './call.js';
import type { MapPlanner } from './map-planner.js';
import { accessFor, PlainSizes, runPlain, viewsFor } from './plain-sizes.js';
import type { OutputWithIndices } from './pool.js';

/** A tensor of which nothing is known yet. */
interface Unchecked {
  readonly data: unknown;
  readonly dims: unknown;
}

/**
 * The short way of the calls that training makes by the thousand: maxima of one map of floats, of a size that the pool has met before,
 * from arrays to new arrays. To pool a small map takes less time than to check and to describe such a call. So each size is described
 * once, and a call for it copies, runs and copies. It looks at no more than tells it from other calls. For those, and for one that fails,
 * it gives `undefined`: then it is for `run`, which takes every call and says what is wrong with one.
 *
 * Between two calls other code runs, after which caches hold little of this. So it takes few steps, and they touch few objects.
 */
export class PlainCalls {
  readonly #sizes: PlainSizes;

  constructor(planner: MapPlanner) {
    this.#sizes = new PlainSizes(planner);
  }

  /** Learns the size of a call that took the long way. */
  learn(call: Call): void {
    this.#sizes.learn(call);
  }

  /** Pools `input`, as the pool's method of the name of `operation` does. */
  forward(
    input: Unchecked,
    operation: 'forward' | 'forwardWithIndices',
  ): PlainTensor<'float32'> | OutputWithIndices | undefined {
    try {
      const { data, dims } = input;
      const size = this.#sizes.find(dims);
      if (size === undefined || ResidentTensor.is(input)) return undefined;
      const access = accessFor(size);
      if (access === undefined) return undefined;
      const views = viewsFor(size, access);
      if (!isArray(data, 'Float32Array', views.map.length)) return undefined;
      views.map.set(data as Float32Array);
      runPlain(size, access, views, operations[operation]);
      const { length } = views.output;
      const values = new Float32Array(views.output);
      const { outputDims } = size;
      const output = { data: values, dims: [...outputDims], type: 'float32', size: length } as const;
      if (operation === 'forward') return output;
      const cells = new Int32Array(views.indices);
      return { output, indices: { data: cells, dims: [...outputDims], type: 'int32', size: length } };
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
      const size = this.#sizes.find(context.dims);
      const { indices } = context;
      if (size === undefined || indices === undefined || context.out !== undefined) return undefined;
      if (ResidentTensor.is(gradOutput) || ResidentTensor.is(indices)) return undefined;
      const { dims, outputDims, shape } = size;
      if (!areSameDims(gradOutput.dims, outputDims)) return undefined;
      if (!areSameDims(indices.dims, outputDims)) return undefined;
      const { data } = gradOutput;
      const { data: cells } = indices;
      // From here on nothing of the caller's runs, which could take the block.
      const access = accessFor(size);
      if (access === undefined) return undefined;
      const views = viewsFor(size, access);
      const { length } = views.output;
      if (!isArray(data, 'Float32Array', length) || !isArray(cells, 'Int32Array', length)) return undefined;
      views.output.set(data as Float32Array);
      views.indices.set(cells as Int32Array);
      const plane = shape.height * shape.width;
      if (access.firstBadIndex(views.indices.byteOffset, length, plane, 0) >>> 0 < length) return undefined;
      runPlain(size, access, views, operations.backward);
      const gradient = new Float32Array(views.map);
      return { data: gradient, dims: [...dims], type: 'float32', size: gradient.length };
    } catch {
      return undefined;
    }
  }
}

/** Whether it is an array of such a name and length. */
function isArray(data: unknown, name: string, length: number): boolean {
  return arrayName(data) === name && lengthOf(data as ArrayBufferView) === length;
}
