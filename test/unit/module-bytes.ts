/** The bytes of the WASM modules in the package. */
import { wasm as scalar } from '../../dist/wasm/scalar.js';
import { wasm as simd } from '../../dist/wasm/simd.js';
import { unpack } from '../../dist/wasm/unpack.js';

const modules = { scalar, simd };

export const moduleBytes = (variant: keyof typeof modules): Uint8Array<ArrayBuffer> =>
  unpack(modules[variant]);
