/** The variants as modules that are loaded when they are needed, by `import()`. */
import { messageOf, PyramidPoolError } from './errors.js';
import type { Payload, Variant } from './variant.js';

const payloads: Record<Variant, () => Promise<Payload>> = {
  scalar: () => import('#wasm/scalar'),
  simd: () => import('#wasm/simd'),
  'simd-threads': () => import('#wasm/simd-threads'),
};

/** Loads one variant and no other. */
export function loadPayload(variant: Variant): Promise<Payload> {
  return loadModule(`the ${variant} variant`, payloads[variant]);
}

/** Loads the glue of the variant that shares its memory, for those who have the module already. */
export function loadThreadsGlue(): Promise<Pick<Payload, 'createGlue'>> {
  return loadModule('the glue of the simd-threads variant', () => import('#wasm/simd-threads-glue'));
}

async function loadModule<T>(what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new PyramidPoolError(
      isForbidden(cause) ? 'unsupported' : 'load-failed',
      `${what} could not be loaded by import() (${messageOf(cause)}); where import() is forbidden, such as in service workers, extension backgrounds and AudioWorklets, use 'pyramid-pool/static'`,
      { cause },
    );
  }
}

/** Whether this host never lets a module be loaded by `import()`: in browsers by its kind, in Node by the error's code. */
function isForbidden(cause: unknown): boolean {
  const { code } = (cause ?? {}) as { code?: unknown };
  return (
    ['ServiceWorkerGlobalScope', 'AudioWorkletGlobalScope'].some((scope) => scope in globalThis) ||
    String(code).startsWith('ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING')
  );
}
