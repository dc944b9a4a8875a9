import { simd, threads } from 'wasm-feature-detect';
import { platform } from '#platform';
import { PyramidPoolError } from '../core/errors.js';
import { MOST_AUTOMATIC_THREADS } from '../core/tuning.js';
import type { Variant } from '../core/variant.js';

/** The variant and threads of a runtime, and why they are not more. */
export interface Choice {
  readonly variant: Variant;
  readonly threads: number;
  readonly fallback: string | undefined;
}

/** The variant and threads that were asked for. */
export interface Wanted {
  readonly variant: Variant | 'auto';
  readonly threads: number | 'auto';
}

/** The best variant that this host can run and the caller allows. */
export async function choose(wanted: Wanted): Promise<Choice> {
  if (typeof WebAssembly !== 'object') {
    throw new PyramidPoolError('unsupported', 'this host has no WebAssembly');
  }
  if (platform.only) {
    if (await simd()) return onlyOne(platform.only, wanted);
    throw new PyramidPoolError('unsupported', `this host has no WebAssembly SIMD, and ${platform.only.why}`);
  }
  if (wanted.variant === 'scalar') return alone('scalar', wanted, undefined);
  if (!(await simd())) return alone('scalar', wanted, 'no WebAssembly SIMD');
  if (wanted.variant === 'simd' || wanted.threads === 1) {
    if (wanted.variant !== 'simd-threads') return alone('simd', wanted, undefined);
  }
  const obstacle =
    (await noSharedMemory()) ?? (wanted.variant === 'auto' ? platform.noWorkers?.() : undefined);
  if (obstacle !== undefined) return alone('simd', wanted, obstacle);
  const cores = platform.cores();
  if (wanted.variant === 'auto' && wanted.threads === 'auto' && cores < 2)
    return alone('simd', wanted, 'one core only');
  const count = wanted.threads === 'auto' ? Math.min(cores, MOST_AUTOMATIC_THREADS) : wanted.threads;
  return { variant: 'simd-threads', threads: count, fallback: undefined };
}

/** The choice of a host that has one variant. */
function onlyOne({ variant, why }: NonNullable<typeof platform.only>, wanted: Wanted): Choice {
  const fits = wanted.variant === variant || (wanted.variant === 'auto' && wanted.threads === 1);
  return alone(variant, wanted, fits ? undefined : why);
}

function alone(variant: Variant, wanted: Wanted, obstacle: string | undefined): Choice {
  const idle =
    typeof wanted.threads === 'number' && wanted.threads > 1
      ? `the ${variant} variant has one thread`
      : undefined;
  return { variant, threads: 1, fallback: obstacle ?? idle };
}

/** Why memory cannot be shared with workers here, if so. */
async function noSharedMemory(): Promise<string | undefined> {
  if (globalThis.crossOriginIsolated === false) {
    return 'not cross-origin isolated: threads need the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp or, in browsers that know it, Document-Isolation-Policy: isolate-and-credentialless alone';
  }
  if (typeof SharedArrayBuffer === 'undefined') return 'no SharedArrayBuffer';
  return (await threads()) ? undefined : 'no WebAssembly threads';
}

/** Whether the calling thread may block: true in Node, Deno, Bun and workers, false on a page. */
export function mayBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
