/**
 * Mixed calls for as long as you like, on one runtime: sizes that change, tensors that come and go, handles, gradients,
 * regions, failed calls. What a process holds must not grow with their number.
 */
import { createPyramidPool, createRoiPyramidPool, PyramidPoolError, type Runtime } from 'pyramid-pool';
import { fill, words } from '../corpus/random.mjs';

const levels = [4, 2, 1];
/** Large enough for threads to share it. */
const large = [1, 16, 130, 130];

/** Makes `calls` calls; answers are checked by what they must hold. */
export async function soak(runtime: Runtime, calls: number, seed: number): Promise<void> {
  const next = words(seed);
  const upTo = (most: number) => 1 + (next() % most);
  const pool = await createPyramidPool({ levels, runtime });
  const regions = await createRoiPyramidPool({ levels, runtime });
  const numbers = fill(
    'unit',
    seed,
    large.reduce((product, size) => product * size),
  );
  for (let call = 0; call < calls; call++) {
    const dims = call % 200 === 0 ? large : [1, upTo(16), upTo(40), upTo(40)];
    const size = dims.reduce((product, size) => product * size, 1);
    const map = { data: numbers.subarray(0, size), dims };
    const { output, indices } =
      call % 3 ? pool.forwardWithIndices(map) : await pool.forwardWithIndicesAsync(map);
    expectSame(output.data[16 + 4] as number, greatest(map.data, dims), call, dims);

    switch (next() % 6) {
      case 0:
        pool.backward(output, { dims, indices });
        break;
      case 1: {
        using input = runtime.tensor(dims);
        using out = runtime.tensor(output.dims);
        input.data.set(map.data);
        pool.forward(input, { out });
        break;
      }
      case 2: {
        const rois = { data: Float32Array.of(0, 0, 0, upTo(40), upTo(40)), dims: [1, 5] };
        regions.forwardWithIndices(map, rois);
        break;
      }
      case 3:
        if (runtime.variant === 'simd-threads') {
          using tensor = runtime.tensor(dims);
          using twin = runtime.adopt(tensor.handle());
          twin.data.fill(1);
        }
        break;
      case 4:
        expectFailure(() => pool.backward(output, { dims: [1, 1, 1], indices }));
        break;
      default:
        // Left to the garbage collector.
        runtime.tensor([1, upTo(64)]);
    }
  }
  pool.dispose();
  regions.dispose();
}

/** The maximum of the first channel, which the level of one bin has first if there is one channel; else nothing is asked. */
function greatest(data: Float32Array, [, channels = 1, height = 1, width = 1]: number[]): number | undefined {
  return channels === 1 ? data.subarray(0, height * width).reduce((a, b) => Math.max(a, b)) : undefined;
}

function expectSame(found: number, expected: number | undefined, call: number, dims: number[]): void {
  if (expected !== undefined && found !== expected)
    throw new Error(`call ${call} of [${dims}]: ${found}, not ${expected}`);
}

function expectFailure(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (error instanceof PyramidPoolError) return;
    throw error;
  }
  throw new Error('a wrong call did not fail');
}
