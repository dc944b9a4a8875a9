/** One image after another: the digits that are found in it, and all its windows pooled, with how long both took. */
import { createPyramidPool, createRoiPyramidPool, type PyramidPool, type RoiPyramidPool } from 'pyramid-pool';
import { type Box, toRois } from '../../detect/box.js';
import { STEP } from '../../detect/network.js';
import type { OnLoading } from '../net/ort.js';
import { greatest } from '../ui/canvas.js';
import type { Picture } from '../ui/images.js';
import { sharedRuntime } from '../ui/runtime.js';
import type { FoundOnMap, SearchOptions } from './detector-desk.js';
import { loadDetector, type RemoteDetector } from './load-detector.js';
import { cutsOf, expectSame, poolOneByOne } from './one-by-one.js';
import type { OwnPicture } from './own-picture.js';
import { median } from './times-table.js';

/** The middle of the first cell, in pixels: the network halves the image. */
const FIRST = (STEP - 1) / 2;

export interface Watched extends FoundOnMap {
  readonly image: Picture;
  /** A row for each window. */
  readonly vectors: Float32Array;
  readonly length: number;
  /** The greatest value of the map, which no value of a vector exceeds. */
  readonly most: number;
  readonly regionsMs: number;
}

export interface Comparison {
  readonly atOnceMs: number;
  readonly oneByOneMs: number;
}

const ROUNDS = 3;

export class Watcher {
  readonly detector: RemoteDetector;
  readonly #regions: RoiPyramidPool;
  readonly #single: PyramidPool;

  private constructor(detector: RemoteDetector, regions: RoiPyramidPool, single: PyramidPool) {
    this.detector = detector;
    this.#regions = regions;
    this.#single = single;
  }

  static async create(levels: readonly number[], onLoading: OnLoading): Promise<Watcher> {
    const [detector, runtime] = await Promise.all([loadDetector(onLoading), sharedRuntime()]);
    const mapping = { rule: 'spp-net', offset0: FIRST, offset: 0, step: STEP } as const;
    const regions = await createRoiPyramidPool({ levels, runtime, ...mapping });
    return new Watcher(detector, regions, await createPyramidPool({ levels, runtime }));
  }

  async watch(image: OwnPicture, options: Omit<SearchOptions, 'writing'>): Promise<Watched> {
    const { values, height, width, writing } = image;
    const detected = await this.detector.detect({ values, height, width }, { ...options, writing });
    const { map, windows } = detected;
    const rois = toRois(windows);
    const started = performance.now();
    const { data, dims } = await this.#regions.forwardAsync(map, rois);
    const regionsMs = performance.now() - started;
    return {
      ...detected,
      image,
      vectors: data,
      length: dims[1] as number,
      most: greatest(map.data),
      regionsMs,
    };
  }

  boundsOf({ map: { dims } }: Watched, { x1, y1, x2, y2 }: Box) {
    return this.#regions.binBounds(dims[2], dims[3], [x1, y1, x2, y2]);
  }

  /** Both ways by turns on this thread, after making sure that they give the same. */
  async compare({ map, windows, vectors }: Watched, signal: AbortSignal): Promise<Comparison> {
    const rois = toRois(windows);
    const cuts = await cutsOf(this.#regions, map, windows, signal);
    const own = new Float32Array(vectors.length);
    const poolThem = () => poolOneByOne(this.#single, map, cuts, own, signal);
    await poolThem();
    await expectSame(vectors, own, windows.length, signal);
    const [atOnce, oneByOne]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      atOnce.push(timed(() => this.#regions.forward(map, rois)));
      oneByOne.push(await poolThem());
    }
    return { atOnceMs: median(atOnce), oneByOneMs: median(oneByOne) };
  }

  dispose(): void {
    this.#regions.dispose();
    this.#single.dispose();
  }
}

function timed(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}
