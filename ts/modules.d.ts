/** Modules that the build provides: `scripts/build-ts.mjs` tells where each host finds them. */

/** The host's own platform file. */
declare module '#platform' {
  export const platform: import('./platform/platform.js').Platform;
}

/** The script of the pool's workers, as text that sets `worker`. */
declare module '#worker-source' {
  const workerSource: string;
  export default workerSource;
}

/** How the host gets from text or a URL to a WASM module. */
declare module '#bytes' {
  export const unpack: import('./platform/platform.js').Platform['unpack'];
  export const compile: import('./platform/platform.js').Platform['compile'];
  export const load: import('./platform/platform.js').Platform['load'];
}

/** A module of its own, which is left out where nothing is unpacked. */
declare module '#unpack' {
  export const unpack: typeof import('./platform/unpack.js').unpack;
}

/** The WASM of `crate/unpack`, in base64. */
declare module '#unpack-module' {
  const unpackModule: string;
  export default unpackModule;
}

declare module '#wasm/simd-threads-glue' {
  export const createGlue: import('./core/variant.js').Payload['createGlue'];
}

declare module '#wasm/*' {
  export const createGlue: import('./core/variant.js').Payload['createGlue'];
  export const wasm: import('./core/variant.js').Payload['wasm'];
  export const pages: import('./core/variant.js').Payload['pages'];
}
