import type { WebAssemblyMemory, WebAssemblyModule } from './host-types.js';

/** One build of the crate. */
export type Variant = 'scalar' | 'simd' | 'simd-threads';

export const variants: readonly Variant[] = ['scalar', 'simd', 'simd-threads'];

/** The version of the crate's exports that this package calls: `docs/abi.md` describes it. */
export const ABI_VERSION = 1;

/** The crate's exports. Addresses come back signed. */
export interface Kernels {
  /** Where the module makes its own. */
  readonly memory?: WebAssemblyMemory;
  abi_version(): number;
  alloc(bytes: number): number;
  free(address: number, bytes: number): void;
  bin_count(rule: number, size: number, n: number): number;
  bin_bounds(rule: number, size: number, n: number, to: number): void;
  plan_new(
    height: number,
    width: number,
    levels: number,
    count: number,
    rule: number,
    arrangement: number,
  ): number;
  plan_free(plan: number): void;
  plan_scratch(plan: number, operation: number, element: number): number;
  regions_new(request: number): number;
  regions_free(plan: number): void;
  regions_scratch(plan: number, operation: number, element: number): number;
  regions_bounds(plan: number): number;
  first_bad_index(indices: number, count: number, cells: number, nowhere: number): number;
  job_units(jobs: number, count: number): number;
  run(jobs: number, count: number, first: number, end: number, scratch: number): void;
  run_checked(job: number, scratch: number): number;
  /** Gives back the stack and the locals of the calling thread; wasm-bindgen's, where there are threads. */
  __wbindgen_thread_destroy?(): void;
}

/** Their names. */
export const exported = [
  'alloc',
  'free',
  'bin_count',
  'bin_bounds',
  'plan_new',
  'plan_free',
  'plan_scratch',
  'regions_new',
  'regions_free',
  'regions_scratch',
  'regions_bounds',
  'first_bad_index',
  'job_units',
  'run',
  'run_checked',
  'abi_version',
] as const satisfies readonly (keyof Kernels)[];

/** What wasm-bindgen's glue needs to make an instance. Each thread makes its own, over one memory. */
export interface GlueInput {
  module: WebAssemblyModule;
  memory?: WebAssemblyMemory;
  thread_stack_size?: number;
}

/** Glue that makes an instance and keeps it. */
export interface Glue {
  initSync(input: GlueInput): Kernels;
}

/** A built variant, as the build writes it for each host. */
export interface Payload {
  /** A fresh copy of the glue, whose state holds one instance: so that runtimes do not share one. */
  createGlue(): Glue;
  /**
   * The module in base64, packed where it is downloaded: base64 alone keeps servers from packing it well. Or compiled, where
   * a host does so ahead of time.
   */
  readonly wasm: string | WebAssemblyModule;
  /**
   * The memory to be made where the module imports it, in pages: the first of the greatest sizes that the host allows; and
   * which byte of the module says that this memory is shared.
   */
  readonly pages: { initial: number; maximum: readonly number[]; sharedAt: number } | undefined;
}
