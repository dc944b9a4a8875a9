import type { Runtime } from 'pyramid-pool';
import type { Job, Piece } from '../core/settings.js';
import { readMaps } from '../maps/index.js';
import { createMapPool, type MapPool } from '../model/map-pool.js';
import type { Outcome, VectorMaker } from './vectors.js';

/** Makes vectors of feature maps that are there already. */
export class MapVectors implements VectorMaker {
  readonly #job: Job;
  readonly #pool: MapPool;

  private constructor(job: Job, pool: MapPool) {
    this.#job = job;
    this.#pool = pool;
  }

  static async open(job: Job, runtime: Runtime): Promise<MapVectors> {
    return new MapVectors(job, await createMapPool(job.settings.pooling, runtime));
  }

  async *vectorsOf(pieces: readonly Piece[]): AsyncGenerator<Outcome> {
    const { root, settings } = this.#job;
    for (const piece of pieces) {
      for await (const map of readMaps(root, piece, settings.column)) {
        if ('reason' in map) {
          yield map;
          continue;
        }
        const { id, data, dims } = map;
        const [, , height, width] = dims as [number, number, number, number];
        yield { id, width, height, vector: this.#pool({ data, dims }) };
      }
    }
  }

  async dispose(): Promise<void> {}
}
