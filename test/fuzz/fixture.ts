/** The runtimes that hostile calls are made in, and the check that they work afterwards. */
import {
  createPyramidPool,
  createRoiPyramidPool,
  createRuntime,
  type PyramidPool,
  type ResidentTensor,
  type RoiPyramidPool,
  type Runtime,
} from 'pyramid-pool';
import { canShareMemory, checkedRuntimes } from '../unit/runtimes.js';
import { createSmallRuntime } from './small-memory.js';

/** 64 MiB: what is asked for by mistake or malice fails at once. */
const PAGES = 1024;

/** A runtime with what the check of it needs. */
interface TestedRuntime {
  readonly runtime: Runtime;
  readonly pool: PyramidPool;
  readonly regions: RoiPyramidPool;
}

export class Fixture implements Disposable {
  /** Tensors that live somewhere, some of them disposed. */
  readonly tensors: ResidentTensor[];

  private constructor(
    readonly runtimes: readonly TestedRuntime[],
    readonly foreign: Runtime,
  ) {
    const gone = foreign.tensor([4]);
    gone.dispose();
    this.tensors = [
      gone,
      foreign.tensor([1, 2, 2]),
      ...runtimes.map(({ runtime }) => runtime.tensor([1, 2, 2])),
    ];
  }

  static async make(): Promise<Fixture> {
    const variants = ['scalar', 'simd', ...(canShareMemory ? (['simd-threads'] as const) : [])] as const;
    const options = [
      ...variants.map((variant) => ({ variant, ...(variant === 'simd-threads' && { threads: 2 }) })),
      ...checkedRuntimes,
    ];
    const runtimes = await Promise.all(options.map((options) => createSmallRuntime(options, PAGES)));
    const tested = runtimes.map(async (runtime) => ({
      runtime,
      pool: await createPyramidPool({ levels: [2, 1], runtime }),
      regions: await createRoiPyramidPool({ levels: [2, 1], runtime }),
    }));
    return new Fixture(await Promise.all(tested), await createRuntime({ variant: 'scalar' }));
  }

  /** Fails unless every runtime still gives right answers. */
  check(): void {
    for (const { pool, regions, runtime } of this.runtimes) {
      const { output, indices } = pool.forwardWithIndices(map());
      const gradient = pool.backward(output, { dims: [1, 2, 2], indices });
      const row = regions.forward(map(), { data: Float32Array.of(0, 0, 0, 1, 1), dims: [1, 5] });
      const found = [...output.data, ...indices.data, ...gradient.data, ...row.data].join();
      if (found !== '1,4,3,2,4,0,1,2,3,1,1,8,3,2,1,4,3,2,4')
        throw new Error(`the ${runtime.variant} runtime gives wrong answers: ${found}`);
    }
  }

  [Symbol.dispose](): void {
    for (const { runtime } of this.runtimes) runtime.dispose();
    this.foreign.dispose();
  }
}

const map = () => ({ data: Float32Array.of(1, 4, 3, 2), dims: [1, 2, 2] });
