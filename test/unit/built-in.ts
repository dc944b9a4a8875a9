/** The modules in the package, as bytes. */
import { inflateSync } from 'fflate';
import { wasm as scalar } from '../../dist/wasm/scalar.js';
import { wasm as simd } from '../../dist/wasm/simd.js';

const modules = { scalar, simd };

/** A variant's module, which travels deflated and in base64. */
export function builtIn(variant: keyof typeof modules): Uint8Array<ArrayBuffer> {
  return inflateSync(Uint8Array.from(atob(modules[variant] as string), (char) => char.charCodeAt(0)));
}
