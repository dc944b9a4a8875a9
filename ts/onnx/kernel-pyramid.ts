/** Pools a value for all pools that read it, by the package's kernels. */
import { describeValue, fail } from '../arguments/checks.js';
import type { MapType, Tensor } from '../core/tensor.js';
import { createPyramidPool, type PyramidPool } from '../pools/pyramid-pool.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Pyramid } from './cut.js';
import type { Pool, PoolLevel } from './domain.js';
import { dataOf, type OrtTensor } from './ort.js';

/** A pooled value, before it is a tensor of ONNX Runtime. */
export interface Pooled {
  readonly name: string;
  readonly type: MapType;
  readonly data: ArrayBufferView;
  readonly dims: readonly number[];
}

/** A level as rows and columns. */
type Grid = readonly [rows: number, columns: number];

export class KernelPyramid {
  readonly #pools = new Map<string, Promise<PyramidPool>>();

  constructor(
    readonly pyramid: Pyramid,
    readonly runtime: Runtime | undefined,
  ) {}

  /** Pools maps, which may be of different sizes: the rows of all of them follow each other. */
  async run(maps: readonly OrtTensor[]): Promise<Pooled[]> {
    const { pools, input } = this.pyramid;
    const tensors = await Promise.all(
      maps.map(async (map) => ({ data: await dataOf(map), dims: map.dims, type: map.type })),
    );
    const [{ dims }] = tensors as [OrtTensor];
    const levels = pools.flatMap((pool) => pool.levels);
    const spatialDims = spatialDimsOf(dims, pools, input);
    const grids = levels.map((level) => gridOf(level, dims, spatialDims));
    const pool = await this.#poolFor(grids, spatialDims);
    const output = await pool.forwardAsync(tensors.length === 1 ? tensors[0]! : tensors);
    return this.#split(output as Tensor<MapType>, dims, grids, spatialDims);
  }

  /** Whether maps of several sizes are pooled to the same grids. */
  get takesSeveral(): boolean {
    return this.pyramid.pools.every(({ levels }) => levels.every((level) => !level.includes(-1)));
  }

  #poolFor(grids: readonly Grid[], spatialDims: 1 | 2): Promise<PyramidPool> {
    const key = `${spatialDims} ${grids.join(' ')}`;
    let pool = this.#pools.get(key);
    if (!pool) {
      // Axes that keep their size give other grids for each size of map: only so many are kept.
      if (this.#pools.size >= 16) this.#pools.clear();
      const levels = spatialDims === 1 ? grids.map(([, n]) => n) : grids;
      const { reduction, outputOrder } = this.pyramid.pools[0]!;
      pool = createPyramidPool({ levels, reduction, outputOrder, spatialDims, runtime: this.runtime });
      pool.catch(() => this.#pools.delete(key));
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** The values of each pool: in every row of the pyramid's output, or for every channel, they lie together. */
  #split(
    output: Tensor<MapType>,
    dims: readonly number[],
    grids: readonly Grid[],
    spatialDims: 1 | 2,
  ): Pooled[] {
    const lead = dims.slice(0, -spatialDims);
    const isBatch = lead.length === 2;
    const channels = lead.at(-1)!;
    const all = countBins(grids);
    const batch = channels === 0 ? lead[0]! : output.size / (channels * all);
    const [rows, each] =
      this.pyramid.pools[0]!.outputOrder === 'channels' ? [batch * channels, 1] : [batch, channels];
    let [level, from] = [0, 0];
    return this.pyramid.pools.map((pool) => {
      const own = grids.slice(level, level + pool.levels.length);
      const bins = countBins(own);
      const data = takeColumns(output.data as Float32Array, rows, each * all, each * from, each * bins);
      level += own.length;
      from += bins;
      const sizes = isBatch ? [batch, channels] : [channels];
      const outputDims = outputDimsOf(pool, sizes, own, spatialDims, channels * bins);
      return { name: pool.output, type: output.type, data, dims: outputDims };
    });
  }

  dispose(): void {
    for (const pool of this.#pools.values())
      pool.then(
        (it) => it.dispose(),
        () => {},
      );
    this.#pools.clear();
  }
}

const countBins = (grids: readonly Grid[]) => grids.reduce((sum, [rows, columns]) => sum + rows * columns, 0);

function outputDimsOf(
  pool: Pool,
  lead: number[],
  [grid]: readonly Grid[],
  spatialDims: 1 | 2,
  length: number,
): number[] {
  if (pool.operator === 'SpatialPyramidPool') return [lead[0]!, length];
  return [...lead, ...grid!.slice(-spatialDims)];
}

/** Some columns of all rows, in an array of their own. */
function takeColumns<A extends Float32Array>(
  data: A,
  rows: number,
  width: number,
  from: number,
  length: number,
): A {
  if (rows === 1) return data.slice(from, from + length) as A;
  const taken = new (data.constructor as new (length: number) => A)(rows * length);
  for (let row = 0; row < rows; row++) {
    taken.set(data.subarray(row * width + from, row * width + from + length), row * length);
  }
  return taken;
}

/** Axes that are pooled: two, or the last one of a map of rank 3 where levels are single numbers. */
function spatialDimsOf(dims: readonly number[], pools: readonly Pool[], name: string): 1 | 2 {
  const arePairs = pools[0]!.levels[0]!.length === 2;
  // The output of a pyramid has a row for each item, so its maps have an axis of items.
  const needsBatch = pools.some(({ operator }) => operator === 'SpatialPyramidPool');
  const wanted = ['[N, C, H, W]'];
  if (arePairs && !needsBatch) wanted.push('[C, H, W]');
  if (!arePairs) wanted.push('[N, C, L]');
  if (!arePairs && !needsBatch) wanted.push('[C, L]');
  if (!wanted.some((form) => form.split(',').length === dims.length)) {
    fail(
      'invalid-dims',
      `the value '${name}' of the model`,
      `has dims ${describeValue(dims)}`,
      wanted.join(' or '),
    );
  }
  return arePairs || dims.length === 4 ? 2 : 1;
}

function gridOf(level: PoolLevel, dims: readonly number[], spatialDims: 1 | 2): Grid {
  const columns = level.at(-1)!;
  const rows = spatialDims === 1 ? 1 : level[0];
  return [rows === -1 ? dims.at(-2)! : rows, columns === -1 ? dims.at(-1)! : columns];
}
