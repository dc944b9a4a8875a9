/** The windows of one image after another: features, regions, and how long both took. */
import { createPyramidPool, createRoiPyramidPool, type PyramidPool, type RoiPyramidPool } from 'pyramid-pool';
import { type Backbone, loadBackbone } from '../net/backbone.js';
import type { FeatureMap } from '../net/feature-map.js';
import type { OnLoading } from '../net/ort.js';
import { greatest } from '../ui/canvas.js';
import type { Picture } from '../ui/images.js';
import { sharedRuntime } from '../ui/runtime.js';
import { cutsOf, expectSame, poolOneByOne } from './one-by-one.js';
import { proposeWindows, toRois, type Window } from './proposals.js';

/** Pixels of the image to a cell of the map. */
export const STEP = 2;
/** The middle of the first cell, in pixels: the network halves the image. */
const FIRST = 0.5;

export interface Watched {
  readonly image: Picture;
  readonly map: FeatureMap;
  readonly windows: readonly Window[];
  /** A row for each window. */
  readonly vectors: Float32Array;
  readonly length: number;
  /** The greatest value of the map, which no value of a vector exceeds. */
  readonly most: number;
  readonly networkMs: number;
  readonly regionsMs: number;
}

export interface Comparison {
  readonly atOnceMs: number;
  readonly oneByOneMs: number;
}

const ROUNDS = 3;

export class Watcher {
  readonly backbone: Backbone;
  readonly #regions: RoiPyramidPool;
  readonly single: PyramidPool;

  private constructor(backbone: Backbone, regions: RoiPyramidPool, single: PyramidPool) {
    this.backbone = backbone;
    this.#regions = regions;
    this.single = single;
  }

  static async create(levels: readonly number[], onLoading: OnLoading): Promise<Watcher> {
    const [backbone, runtime] = await Promise.all([loadBackbone(onLoading), sharedRuntime()]);
    const mapping = { rule: 'spp-net', offset0: FIRST, offset: 0, step: STEP } as const;
    const regions = await createRoiPyramidPool({ levels, runtime, ...mapping });
    return new Watcher(backbone, regions, await createPyramidPool({ levels, runtime }));
  }

  async watch(image: Picture, count: number): Promise<Watched> {
    const started = performance.now();
    const map = await this.backbone.features(image);
    const networkMs = performance.now() - started;
    const windows = proposeWindows(image, count);
    const rois = toRois(windows);
    const pooling = performance.now();
    const { data, dims } = await this.#regions.forwardAsync(map, rois);
    const regionsMs = performance.now() - pooling;
    const length = dims[1] as number;
    const most = greatest(map.data);
    return { image, map, windows, vectors: data, length, most, networkMs, regionsMs };
  }

  boundsOf({ map: { dims } }: Watched, { x1, y1, x2, y2 }: Window) {
    return this.#regions.binBounds(dims[2], dims[3], [x1, y1, x2, y2]);
  }

  /** Both ways by turns on this thread, after making sure that they give the same. */
  async compare({ map, windows, vectors }: Watched, signal: AbortSignal): Promise<Comparison> {
    const rois = toRois(windows);
    const cuts = await cutsOf(this.#regions, map, windows, signal);
    const own = new Float32Array(vectors.length);
    const poolThem = () => poolOneByOne(this.single, map, cuts, own, signal);
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
    this.single.dispose();
  }
}

function timed(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

export function inMs(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}
