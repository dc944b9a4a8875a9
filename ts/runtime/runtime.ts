import { platform } from '#platform';
import { checkDims, checkOneOf, checkOptions, describeValue, fail } from '../arguments/checks.js';
import { PyramidPoolError } from '../core/errors.js';
import { onCollected } from '../core/finalization.js';
import type { ScriptUrl, WebAssemblyMemory, WebAssemblyModule } from '../core/host-types.js';
import { isTrustedScriptUrl, isUrl } from '../core/realm.js';
import { type DataType, dataTypes } from '../core/tensor.js';
import { Unproxied, unproxied } from '../core/unproxied.js';
import { type Variant, variants } from '../core/variant.js';
import type { RuntimeHandle, TensorHandle } from '../memory/handle.js';
import { adoptTensor, runtimeHandle } from '../memory/handles.js';
import { KeptBlock } from '../memory/kept-block.js';
import { ResidentTensor, TensorBlock } from '../memory/resident-tensor.js';
import { WasmMemory } from '../memory/wasm-memory.js';
import { PlanCache } from '../plans/plan-cache.js';
import { ThreadPool, type ThreadState } from '../threads/thread-pool.js';
import { Admission } from './admission.js';
import { type Choice, choose, mayBlock } from './detect.js';
import { Dispatcher } from './dispatch.js';
import { type Instance, instantiate, type WasmSource } from './instantiate.js';
import { Unshared } from './unshared.js';

/** Options of `createRuntime`. */
export interface RuntimeOptions {
  /** The variant to run; by default the best one that this host can run. If it cannot run this one, another one runs, and `fallback` says why. */
  variant?: Variant | 'auto';
  /** Threads that compute, the calling one included where it may block; by default the number of cores, up to 8. */
  threads?: number | 'auto';
  /** WASM in place of the built-in one: bytes, a compiled module, a response or a URL. */
  wasm?: WasmSource;
  /**
   * URL of `pyramid-pool/worker.js`, for pages whose content security policy forbids workers from blobs. Where the page
   * enforces Trusted Types it must be a `TrustedScriptURL`.
   */
  workerUrl?: ScriptUrl;
  /** Called with the reason when the runtime has another variant or fewer threads than asked for, at once or when a worker fails later. */
  onFallback?: (reason: string) => void;
}

const MOST_THREADS = 64;

/** What pools use of their runtime. */
export interface Internals {
  readonly memory: WasmMemory;
  readonly keptBlock: KeptBlock;
  readonly plans: PlanCache;
  readonly dispatcher: Dispatcher;
  readonly admission: Admission;
  readonly module: WebAssemblyModule;
  /** The same over memory that is not shared, for calls that are faster there. */
  readonly unshared?: Unshared<Internals> | undefined;
}

/** Ends the workers of runtimes that are garbage collected without `dispose`. */
const collectedRuntimes = /* @__PURE__ */ onCollected<ThreadPool>((threadPool) => threadPool.dispose());

/** WASM memory, the kernels in it, and the threads that run them. All pools share one runtime unless they are given another. */
export class Runtime extends Unproxied implements Disposable {
  /** The variant that runs. */
  readonly variant: Variant;
  readonly #attached: boolean;
  #threads: number;
  #fallback: string | undefined;
  #threadPool: ThreadPool | undefined;
  #internals: Internals | undefined;

  /** Use `createRuntime` and `attachRuntime`. An attached runtime has no workers. */
  constructor(
    memory: WasmMemory,
    module: WebAssemblyModule,
    choice: Choice,
    options: RuntimeOptions | 'attached',
    makeUnshared?: Instance['makeUnshared'],
  ) {
    super();
    this.variant = choice.variant;
    this.#threads = choice.threads;
    this.#fallback = choice.fallback;
    this.#attached = options === 'attached';
    // Weak: workers that wait must not keep a runtime that nobody else holds.
    const self = new WeakRef(this);
    if (options !== 'attached' && choice.variant === 'simd-threads') {
      const onGivenUp = (reason: string) => {
        const runtime = self.deref();
        if (runtime) runtime.#goOnAlone(reason);
        // In a later task, so that the listener cannot disturb a call.
        void Promise.resolve().then(() => options.onFallback?.(reason));
      };
      const { threads } = choice;
      const { workerUrl } = options;
      this.#threadPool = new ThreadPool(memory, {
        module,
        threads,
        workerUrl,
        mayBlock: mayBlock(),
        onGivenUp,
      });
      collectedRuntimes?.register(this, this.#threadPool, this);
    }
    const threadPool = this.#threadPool;
    memory.onBroken = (failure) => {
      const { message } = failure;
      const runtime = self.deref();
      if (runtime) {
        runtime.#goOnAlone(message);
        runtime.#internals?.unshared?.close();
      }
      threadPool?.abandon(failure);
      if (options !== 'attached') void Promise.resolve().then(() => options.onFallback?.(message));
    };
    const internals = makeInternals(memory, module, this.#threadPool);
    const unshared = makeUnshared && new Unshared(makeUnshared, (instance) => besides(memory, instance));
    this.#internals = { ...internals, unshared };
  }

  /** Threads that compute. */
  get threads(): number {
    return unproxied(this).#threads;
  }

  /** Why the variant is another one, or the threads are fewer, than asked for or than this host could run; else undefined. */
  get fallback(): string | undefined {
    return unproxied(this).#fallback;
  }

  /**
   * The state of the workers. They are started by `ready`, by the first call that is large enough for them, and in a browser's
   * worker by `createRuntime`. Where they have failed, `fallback` says why, with the URL that did not load.
   */
  get threadState(): ThreadState {
    return unproxied(this).#threadPool?.state ?? 'idle';
  }

  /**
   * Starts the workers now, rather than with the first large call, and waits until they run.
   *
   * @returns what came of it: `'running'`, or `'failed'`, or `'idle'` where the runtime has no threads
   * @throws `PyramidPoolError` with the code `disposed`
   * @example
   * ```js
   * import { createRuntime } from 'pyramid-pool';
   *
   * const runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
   * console.log(await runtime.ready(), runtime.fallback); // running undefined
   * runtime.dispose();
   * ```
   */
  async ready(): Promise<ThreadState> {
    const runtime = unproxied(this);
    Runtime.internals(runtime);
    await runtime.#threadPool?.ready();
    Runtime.internals(runtime);
    return runtime.threadState;
  }

  /** The WASM memory. It grows and never shrinks; `dispose` frees it. */
  get memory(): WebAssemblyMemory {
    return Runtime.internals(this).memory.memory;
  }

  /** A tensor of zeros that lives in WASM memory: calls read and write it in place. */
  tensor<T extends DataType = 'float32'>(
    dims: readonly number[],
    type: T = 'float32' as T,
  ): ResidentTensor<T> {
    const { memory } = Runtime.internals(this);
    const sizes = Object.freeze(checkDims(dims, 'dims'));
    const checkedType = checkOneOf(type, 'type', Object.keys(dataTypes) as T[]);
    const tensor = new ResidentTensor(TensorBlock.make(memory, sizes, checkedType), sizes, checkedType);
    tensor.data.fill(0);
    return tensor;
  }

  /**
   * A message for other threads, to be sent by `postMessage`: there `attachRuntime` makes it a runtime over the same
   * memory.
   *
   * Throws `not-shared` where the memory cannot be shared: that takes the variant `simd-threads`.
   */
  handle(): RuntimeHandle {
    const { memory, module } = Runtime.internals(this);
    return runtimeHandle(memory, module);
  }

  /**
   * Makes a tensor of another thread's `tensor.handle()`: it reads and writes the same memory, which is freed when both are disposed.
   * The threads must agree on who writes when, for instance by messages.
   *
   * Throws `invalid-handle` for a tensor that is not in this runtime's memory, `disposed` for one that was freed.
   */
  adopt<T extends DataType>(handle: TensorHandle<T>): ResidentTensor<T> {
    return adoptTensor(Runtime.internals(this).memory, handle);
  }

  #goOnAlone(reason: string): void {
    this.#threads = 1;
    this.#fallback = reason;
  }

  /**
   * Ends all workers and frees the memory. Nothing that was made with this runtime can be used afterwards. Other runtimes over
   * the same memory continue, with the tensors they have adopted.
   */
  dispose(): void {
    const runtime = unproxied(this);
    if (!runtime.#internals) return;
    collectedRuntimes?.unregister(runtime);
    const { memory, plans, unshared } = runtime.#internals;
    unshared?.close();
    const othersGoOn = memory.sharing?.leave() ?? false;
    const isWhole = memory.failure === undefined;
    const idle = runtime.#threadPool?.dispose(othersGoOn) ?? true;
    if (othersGoOn && idle && isWhole) {
      plans.clear();
      memory.sharing?.freeAll();
    }
    if (runtime.#attached && isWhole) memory.kernels.__wbindgen_thread_destroy?.();
    memory.close();
    runtime.#internals = runtime.#threadPool = undefined;
  }

  /** The same as `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  get [Symbol.toStringTag](): string {
    return 'Runtime';
  }

  /** Whether `dispose` was called. */
  get disposed(): boolean {
    return unproxied(this).#internals === undefined;
  }

  /** @internal */
  static internals(runtime: Runtime): Internals {
    // Asked first, as it is known soonest: every call comes by here.
    const internals = (#internals in runtime ? runtime : unproxied(runtime)).#internals;
    if (!internals) throw new PyramidPoolError('disposed', 'the runtime was disposed');
    return internals;
  }

  /** @internal Starts the workers of synchronous calls where a loop of such calls would keep them from starting. */
  static async startHelpers(runtime: Runtime): Promise<void> {
    if (platform.startsWorkersIdle && mayBlock()) await runtime.#threadPool?.startHelpers();
  }

  /** @internal Whether it can run calls: it was not disposed, and is not broken. */
  static isUsable(runtime: Runtime): boolean {
    const internals = unproxied(runtime).#internals;
    return internals !== undefined && internals.memory.failure === undefined;
  }

  /** @internal */
  static is(value: unknown): value is Runtime {
    const itself = unproxied(value);
    return typeof itself === 'object' && itself !== null && #internals in itself;
  }
}

function makeInternals(
  memory: WasmMemory,
  module: WebAssemblyModule,
  threadPool: ThreadPool | undefined,
): Internals {
  return {
    memory,
    keptBlock: new KeptBlock(memory, 'a block for the tensors of the call'),
    plans: new PlanCache(memory),
    dispatcher: new Dispatcher(memory, threadPool),
    admission: new Admission(),
    module,
  };
}

/** The same over a second memory. Where kernels fail in one, nothing runs in the other any more. */
function besides(first: WasmMemory, { kernels, memory, module }: Instance): Internals {
  const second = new WasmMemory(memory, kernels);
  second.onBroken = ({ cause }) => void first.break(cause);
  return makeInternals(second, module, undefined);
}

/**
 * Makes a runtime: chooses a variant, compiles it and sets up its memory. Threads start with the first large job, or by `ready`; in a
 * browser's worker they start here, as they could not while synchronous calls follow each other.
 *
 * @example
 * ```js
 * import { createPyramidPool, createRuntime } from 'pyramid-pool';
 *
 * const runtime = await createRuntime({ variant: 'simd' });
 * const pool = await createPyramidPool({ levels: [2, 1], runtime });
 * console.log(runtime.variant, runtime.threads, pool.runtime === runtime); // simd 1 true
 * runtime.dispose();
 * ```
 * @throws `PyramidPoolError` with the code `invalid-options` for options that are none; another one where a variant was asked for that the host cannot run
 */
export async function createRuntime(options?: RuntimeOptions): Promise<Runtime> {
  const checked = checkOptions(options, 'options', ['variant', 'threads', 'wasm', 'workerUrl', 'onFallback']);
  const { onFallback } = checked;
  if (onFallback !== undefined && typeof onFallback !== 'function') {
    fail('invalid-options', 'options.onFallback', `is ${describeValue(onFallback)}`, 'a function');
  }
  checkWorkerUrl(checked.workerUrl);
  const variant = checkOneOf(checked.variant ?? 'auto', 'options.variant', ['auto', ...variants]);
  const choice = await choose({ variant, threads: checkThreads(checked.threads ?? 'auto') });
  const { kernels, memory, module, makeUnshared } = await instantiate(choice.variant, checked.wasm);
  // Who asks for threads gets threads.
  const unshared = variant === 'auto' ? makeUnshared : undefined;
  const runtime = new Runtime(new WasmMemory(memory, kernels), module, choice, checked, unshared);
  if (choice.fallback !== undefined) onFallback?.(choice.fallback);
  await Runtime.startHelpers(runtime);
  return runtime;
}

function checkWorkerUrl(workerUrl: unknown): void {
  const isAddress = typeof workerUrl === 'string' || isUrl(workerUrl) || isTrustedScriptUrl(workerUrl);
  if (workerUrl !== undefined && !isAddress) {
    fail(
      'invalid-options',
      'options.workerUrl',
      `is ${describeValue(workerUrl)}`,
      'a string, a URL or a TrustedScriptURL',
    );
  }
}

function checkThreads(threads: unknown): number | 'auto' {
  const isCount =
    typeof threads === 'number' && Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS;
  if (threads !== 'auto' && !isCount) {
    fail(
      'invalid-options',
      'options.threads',
      `is ${describeValue(threads)}`,
      `'auto' or a whole number from 1 to ${MOST_THREADS}`,
    );
  }
  return threads as number | 'auto';
}

let shared: Promise<Runtime> | undefined;

/** The runtime of pools that are given none: made on first use, and again after it was disposed or has broken. */
export function defaultRuntime(): Promise<Runtime> {
  shared = shared
    ? shared.then(
        (runtime) => (Runtime.isUsable(runtime) ? runtime : createRuntime()),
        () => createRuntime(),
      )
    : createRuntime();
  return shared;
}
