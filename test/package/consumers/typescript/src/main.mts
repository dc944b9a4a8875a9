import * as pyramidPool from 'pyramid-pool';
import * as onnx from 'pyramid-pool/onnx';
import { check } from '../check.js';

// Each of these is what it says only if the types were found.
const pool = await pyramidPool.createPyramidPool({ levels: [4, [2, 3], 1] });
const output: pyramidPool.Tensor<'float32'> = pool.forward({ data: new Float32Array(48), dims: [3, 4, 4] });
const { indices } = pool.forwardWithIndices({ data: new Float32Array(48), dims: [3, 4, 4] });
const first: number | undefined = indices.data[0];
const bounds: readonly pyramidPool.LevelBounds[] = pool.binBounds(4, 4);
if (output.size !== 69 || first !== 0 || bounds.length !== 3) throw new Error('wrong sizes');
// @ts-expect-error: levels are required
pyramidPool.createPyramidPool({}).catch(() => {});
// @ts-expect-error: there is no such variant
const variant: pyramidPool.Variant = 'avx';
void variant;

console.log(JSON.stringify(await check({ ...pyramidPool, onnx })));
