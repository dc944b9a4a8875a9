import { referenceBackward, referenceForward } from '../../unit/reference.js';
import { alignedGradient, alignedOutput } from './align.js';
import { type Case, cellsOf, outputLengthOf } from './case.js';
import type { Answer, Operation } from './operation.js';
import { poolRegions, randomRegions, regionsGradient } from './regions.js';

/** One operation on one case: the inputs, and what must come out. */
export interface Workload {
  readonly case: Case;
  readonly operation: Operation;
  /** Feature maps, NCHW. */
  readonly maps: readonly Float32Array[];
  /** Gradients with respect to the outputs, for `backward`. */
  readonly gradients: readonly Float32Array[];
  /** Regions for each input, `[item, x1, y1, x2, y2]` in pixels of an image sixteen times as large as the map. */
  readonly regions: readonly Float32Array[];
  /** The answer for each input. */
  readonly expected: readonly Answer[];
}

/** All operations on one case. They share inputs. */
export class CaseWorkloads {
  readonly #case: Case;
  readonly #maps: Float32Array[];
  readonly #gradients: Float32Array[];
  readonly #regions: Float32Array[];
  #pooled: { output: Float32Array; indices: Int32Array }[] | undefined;

  constructor(c: Case) {
    const random = randomNumbers(cellsOf(c));
    const fill = (length: number) => Float32Array.from({ length }, random);
    this.#case = c;
    this.#maps = Array.from({ length: c.inputs }, () => fill(cellsOf(c)));
    this.#regions = c.regions ? this.#maps.map(() => randomRegions(c, random)) : [];
    this.#gradients = Array.from({ length: c.inputs }, () => fill(outputLengthOf(c)));
  }

  workload(operation: Operation): Workload {
    const workload = {
      case: this.#case,
      operation,
      maps: this.#maps,
      gradients: this.#gradients,
      regions: this.#regions,
    };
    return { ...workload, expected: this.#maps.map((_, i) => this.#expected(operation, i)) };
  }

  #expected(operation: Operation, i: number): Answer {
    if (this.#case.samplingRatio) return this.#expectedSamples(operation, i);
    const { dims, levels, regions } = this.#case;
    const grids = levels.map((n) => [n, n] as const);
    this.#pooled ??= this.#maps.map((map, i) =>
      regions
        ? poolRegions(this.#case, map, this.#regions[i]!)
        : referenceForward(map, dims, grids, 'adaptive'),
    );
    const { output, indices } = this.#pooled[i]!;
    if (operation === 'indices') return [output, indices];
    if (operation !== 'backward') return [output];
    if (regions) return [regionsGradient(this.#case, this.#gradients[i]!, indices)];
    return [referenceBackward(this.#gradients[i]!, indices, dims, grids, 'adaptive')];
  }

  #expectedSamples(operation: Operation, i: number): Answer {
    const regions = this.#regions[i]!;
    if (operation === 'backward') return [alignedGradient(this.#case, this.#gradients[i]!, regions)];
    return [alignedOutput(this.#case, this.#maps[i]!, regions)];
  }
}

/** The same numbers for the same seed, from -2 to 2: uniformly distributed, without NaN. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 30 - 2;
  };
}
