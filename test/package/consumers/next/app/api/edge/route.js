/** Next's edge runtime compiles no WebAssembly: a route imports the module, which is of another realm in its sandbox. */
import * as pyramidPool from 'pyramid-pool';
import wasm from 'pyramid-pool/simd.wasm?module';
import { check } from '../../../check.js';

export const runtime = 'edge';
export const dynamic = 'force-dynamic';

const createRuntime = () => pyramidPool.createRuntime({ variant: 'simd', wasm });

/** The package, with runtimes of that module alone. */
async function withModule() {
  const own = await createRuntime();
  return {
    ...pyramidPool,
    createRuntime,
    createPyramidPool: (options) => pyramidPool.createPyramidPool({ runtime: own, ...options }),
  };
}

export async function GET() {
  try {
    return Response.json(await check(await withModule(), ['simd']));
  } catch (error) {
    return Response.json({ error: `${error}\n${error.cause}` });
  }
}
