/**
 * @typedef {object} Variant one row: a WASM module built from the same source
 * @property {string[]} rustc flags of the compiler and, by -Clink-arg, of the linker
 * @property {string[]} wasmOpt flags of wasm-opt, which reads off the module which features it may use
 * @property {boolean} simd whether it holds SIMD instructions
 * @property {boolean} threads whether its memory is shared and passed in
 * @property {boolean} [unpublished] whether it is for tests alone, and not in the package
 */

const simd = '+simd128';
const threads = '+atomics,+bulk-memory,+mutable-globals';
const linking = (...args) => args.map((arg) => `-Clink-arg=${arg}`);

// What an import of memory demands of the memory passed in: it is shared; its initial size is at least the
// module's; it has a maximum, and that is at most the module's. So the module states the greatest there is,
// 65,536 pages, which costs nothing, and whoever makes the memory chooses a smaller maximum: that is what
// reserves address space.
const sharedMemory = linking('--shared-memory', '--import-memory', '--max-memory=4294967296');
// wasm-bindgen writes the start-up code of a thread around these, and the linker drops what nobody exports.
const threadLocals = linking(
  ...['__wasm_init_tls', '__tls_size', '__tls_align', '__tls_base'].map((name) => `--export=${name}`),
);

// What the compiler kept apart stays apart: engines make slower code of one giant function. Functions that are instances of one
// lie side by side, which compresses better. Passes are repeated until they find nothing more, which takes a percent off the download.
const wasmOpt = [
  '-O3',
  '--converge',
  '--low-memory-unused',
  '--one-caller-inline-max-function-size=32',
  '--flexible-inline-max-function-size=0',
  '--reorder-functions-by-name',
  '--strip-debug',
  '--strip-producers',
  '--strip-target-features',
];

/** @type {Record<string, Variant>} */
export const variants = {
  scalar: { rustc: [], wasmOpt, simd: false, threads: false },
  simd: { rustc: [`-Ctarget-feature=${simd}`], wasmOpt, simd: true, threads: false },
  'simd-threads': {
    rustc: [`-Ctarget-feature=${simd},${threads}`, ...sharedMemory, ...threadLocals],
    wasmOpt,
    simd: true,
    threads: true,
  },
  // The kernels of `simd` where sizes are 32 bits, with every overflow and every debug assertion checked: a trap in place of an
  // access beyond the memory of a call.
  checked: {
    rustc: [`-Ctarget-feature=${simd}`, '-Cdebug-assertions=yes', '-Coverflow-checks=yes'],
    wasmOpt,
    simd: true,
    threads: false,
    unpublished: true,
  },
};

/** The names of the variants that are in the package. */
export const published = Object.keys(variants).filter((name) => !variants[name].unpublished);

/** Flags of every variant. */
export const commonRustc = [
  // A panic becomes one trap, without the text and the formatting code behind it.
  '-Zunstable-options',
  '-Cpanic=immediate-abort',
  // Kernels say themselves what vectors they compute with. The compiler makes vectors of every other loop as well, which makes the
  // modules 3 kB larger after gzip, and no faster.
  '-Cno-vectorize-loops',
  // Kernels say themselves what is to be inlined. Of the rest, the compiler's own limit of 225 makes the modules 3 kB larger after gzip,
  // and no faster.
  '-Cllvm-args=--unroll-runtime=false --inline-threshold=50',
  // With reference types wasm-bindgen adds a table of references, and an import that fills it. Nothing here uses them.
  '-Ctarget-feature=-reference-types',
  // The main thread's stack, 1 MiB unless told, lies in the memory that tensors share; the kernels need
  // little of it.
  ...linking('-z', 'stack-size=65536'),
];

/**
 * The greatest initial size of a module's memory, in pages: whoever passes a memory in makes it at least so
 * large.
 */
export const initialPages = 16;

/**
 * The memory that is made for a module that imports it, in pages. Its greatest size reserves address space and no more;
 * hosts with little of that get one of the smaller.
 */
export const importedMemory = { initial: initialPages, maximum: [32768, 16384, 4096] };
