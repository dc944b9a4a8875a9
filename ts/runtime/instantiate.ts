import { platform } from '#platform';
import { describeValue, fail } from '../arguments/checks.js';
import { messageOf, PyramidPoolError } from '../core/errors.js';
import type { ResponseLike, UrlLike, WebAssemblyMemory, WebAssemblyModule } from '../core/host-types.js';
import { isBytes, isResponse, isSharedBuffer, isUrl, isWebAssemblyModule } from '../core/realm.js';
import { ABI_VERSION, exported, type Kernels, type Payload, type Variant } from '../core/variant.js';
import { STACK_BYTES } from '../threads/stack.js';

/**
 * WASM in place of the built-in one: bytes, a compiled module, a response or a URL, of this realm or of another.
 */
export type WasmSource = ArrayBuffer | ArrayBufferView | WebAssemblyModule | ResponseLike | UrlLike | string;

/** An instance, and the module that workers make theirs from. */
export interface Instance {
  readonly kernels: Kernels;
  readonly memory: WebAssemblyMemory;
  readonly module: WebAssemblyModule;
  /** Makes another instance of a built-in module with shared memory, over memory that is the calling thread's own. */
  readonly makeUnshared?: (() => Instance | Promise<Instance>) | undefined;
}

/** Makes an instance of a variant, of the built-in module or of another one of the same build. */
export async function instantiate(variant: Variant, wasm: WasmSource | undefined): Promise<Instance> {
  const payload = await platform.loadPayload(variant);
  const source = wasm === undefined ? payload.wasm : await open(wasm);
  try {
    const module = await compile(source);
    checkModule(module, payload.pages !== undefined);
    const memory = payload.pages && makeMemory(payload.pages);
    const kernels = payload.createGlue().initSync(memory ? { module, memory } : { module });
    checkVersion(kernels);
    const makeUnshared = wasm === undefined && memory ? () => instantiateUnshared(payload) : undefined;
    return { module, kernels, memory: memory ?? (kernels.memory as WebAssemblyMemory), makeUnshared };
  } catch (cause) {
    if ((cause as Partial<Error> | undefined)?.name === 'RangeError')
      throw new PyramidPoolError('out-of-memory', `no memory for a runtime: ${messageOf(cause)}`, { cause });
    const which = wasm === undefined ? 'the built-in WASM' : 'options.wasm';
    throw new PyramidPoolError(
      'invalid-wasm',
      `${which} does not load as the ${variant} variant: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** Makes an instance of a built-in variant without waiting: for hosts that compile small modules at once. */
export function instantiateNow({ wasm, createGlue }: Payload): Instance {
  const module = typeof wasm === 'string' ? new WebAssembly.Module(platform.unpack(wasm)) : wasm;
  const kernels = createGlue().initSync({ module });
  return { module, kernels, memory: kernels.memory as WebAssemblyMemory };
}

/** The byte of a module that says that the memory it imports has a maximum and is not shared. */
const NOT_SHARED = 1;

/** The built-in module with threads over memory that is not shared: one byte of the module tells the two apart. */
function instantiateUnshared({ wasm, pages, createGlue }: Payload): Instance | Promise<Instance> {
  const { initial, maximum, sharedAt } = pages as NonNullable<Payload['pages']>;
  const bytes = platform.unpack(wasm as string);
  bytes[sharedAt] = NOT_SHARED;
  const start = (module: WebAssemblyModule): Instance => {
    const memory = new WebAssembly.Memory({ initial, maximum: maximum.at(-1) as number });
    return { module, memory, kernels: createGlue().initSync({ module, memory }) };
  };
  const compiled = platform.compile(bytes);
  return compiled instanceof Promise ? compiled.then(start) : start(compiled);
}

/** Makes an instance for the calling thread, over the memory of another thread's. */
export async function instantiateOver(
  module: WebAssemblyModule,
  memory: WebAssemblyMemory,
): Promise<Kernels> {
  const { createGlue } = await platform.loadThreadsGlue();
  try {
    checkModule(module, true);
    return createGlue().initSync({ module, memory, thread_stack_size: STACK_BYTES });
  } catch (cause) {
    throw new PyramidPoolError('invalid-handle', `handle.module does not load: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Shared memory with as much room to grow as the host reserves. */
function makeMemory({
  initial,
  maximum,
}: Pick<NonNullable<Payload['pages']>, 'initial' | 'maximum'>): WebAssemblyMemory {
  const [most = initial, ...less] = maximum;
  try {
    return new WebAssembly.Memory({ initial, maximum: most, shared: true });
  } catch (error) {
    if (less.length === 0) throw error;
    return makeMemory({ initial, maximum: less });
  }
}

/** Bytes, module or response of what the caller gave. */
async function open(wasm: unknown): Promise<BufferSource | WebAssemblyModule | ResponseLike> {
  if (typeof wasm === 'string') return fetchWasm(wasm);
  if (isUrl(wasm)) return fetchWasm(wasm.href);
  if (isBytes(wasm) || isResponse(wasm) || isWebAssemblyModule(wasm)) return wasm;
  fail(
    'invalid-options',
    'options.wasm',
    `is ${describeValue(wasm)}`,
    'bytes, a WebAssembly.Module, a Response or a URL',
  );
}

async function fetchWasm(address: string): Promise<BufferSource | ResponseLike> {
  const url = toUrl(address);
  try {
    return await platform.load(url);
  } catch (cause) {
    throw new PyramidPoolError('invalid-wasm', `options.wasm could not be loaded from ${url}`, { cause });
  }
}

function toUrl(wasm: string): URL {
  if (typeof URL !== 'function') {
    fail(
      'invalid-options',
      'options.wasm',
      'is a URL, and this host loads none',
      'bytes or a WebAssembly.Module',
    );
  }
  try {
    return new URL(wasm, globalThis.location?.href);
  } catch {
    fail('invalid-options', 'options.wasm', `is ${describeValue(wasm)}`, 'an absolute URL');
  }
}

async function compile(source: Payload['wasm'] | BufferSource | ResponseLike): Promise<WebAssemblyModule> {
  if (typeof source === 'string') return platform.compile(platform.unpack(source));
  if (isBytes(source)) return platform.compile(plainBytes(source));
  if (isWebAssemblyModule(source)) return source;
  const { ok, status } = source as ResponseLike;
  if (ok === false) throw new Error(`the server answered ${status}`);
  // Streaming needs a media type that many servers do not send.
  return platform.compile(new Uint8Array(await (source as ResponseLike).arrayBuffer()));
}

/** The bytes as engines take them: V8 compiles no `DataView`, and no engine what lies in shared memory. */
function plainBytes(source: BufferSource): Uint8Array<ArrayBuffer> {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return isSharedBuffer(bytes.buffer) ? bytes.slice() : bytes;
}

/** Fails at once for a module of another kind, with a clear message. */
function checkModule(module: WebAssemblyModule, importsMemory: boolean): void {
  const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = exported.find((name) => !names.has(name));
  if (missing !== undefined) throw new Error(`it does not export ${missing}`);
  if (WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory') !== importsMemory) {
    throw new Error(importsMemory ? 'it does not import its memory' : 'it imports its memory');
  }
}

/** Fails for a module of another version, which may read its arguments in another way. */
function checkVersion(kernels: Kernels): void {
  const version = kernels.abi_version();
  if (version !== ABI_VERSION) {
    throw new Error(`its ABI is version ${version}, and this package calls version ${ABI_VERSION}`);
  }
}
