import { platform } from '#platform';
import { describeValue, fail } from '../arguments/checks.js';
import { messageOf, PyramidPoolError } from '../core/errors.js';
import { exported, type Kernels, loadThreadsGlue, type Payload, type Variant } from '../core/variant.js';
import { STACK_BYTES } from '../threads/stack.js';

/** What may stand in place of the built-in WASM. */
export type WasmSource = BufferSource | WebAssembly.Module | Response | URL | string;

/** An instance, and the module that workers make theirs from. */
export interface Instance {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
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
    return { module, kernels, memory: memory ?? (kernels.memory as WebAssembly.Memory) };
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new PyramidPoolError('out-of-memory', `no memory for a runtime: ${cause.message}`, { cause });
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
  return { module, kernels, memory: kernels.memory as WebAssembly.Memory };
}

/** Makes an instance for the calling thread, over the memory of another thread's. */
export async function instantiateOver(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<Kernels> {
  const { createGlue } = await loadThreadsGlue();
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
function makeMemory({ initial, maximum }: NonNullable<Payload['pages']>): WebAssembly.Memory {
  const [most = initial, ...less] = maximum;
  try {
    return new WebAssembly.Memory({ initial, maximum: most, shared: true });
  } catch (error) {
    if (less.length === 0) throw error;
    return makeMemory({ initial, maximum: less });
  }
}

/** Bytes, module or response of what the caller gave. */
async function open(wasm: WasmSource): Promise<BufferSource | WebAssembly.Module | Response> {
  if (typeof wasm === 'string' || wasm instanceof URL) {
    const url = toUrl(wasm);
    try {
      return await platform.load(url);
    } catch (cause) {
      throw new PyramidPoolError('invalid-wasm', `options.wasm could not be loaded from ${url}`, { cause });
    }
  }
  const isResponse = typeof Response === 'function' && wasm instanceof Response;
  if (
    isResponse ||
    wasm instanceof WebAssembly.Module ||
    wasm instanceof ArrayBuffer ||
    ArrayBuffer.isView(wasm)
  )
    return wasm;
  fail(
    'invalid-options',
    'options.wasm',
    `is ${describeValue(wasm)}`,
    'bytes, a WebAssembly.Module, a Response or a URL',
  );
}

function toUrl(wasm: string | URL): URL {
  try {
    return new URL(wasm, globalThis.location?.href);
  } catch {
    fail('invalid-options', 'options.wasm', `is ${describeValue(wasm)}`, 'an absolute URL');
  }
}

async function compile(source: Payload['wasm'] | BufferSource | Response): Promise<WebAssembly.Module> {
  if (typeof source === 'string') return platform.compile(platform.unpack(source));
  if (source instanceof WebAssembly.Module) return source;
  if (typeof Response !== 'function' || !(source instanceof Response))
    return platform.compile(source as BufferSource);
  if (!source.ok) throw new Error(`the server answered ${source.status}`);
  // Streaming insists on a media type that many servers do not send.
  return platform.compile(await source.arrayBuffer());
}

/** A module of another kind would fail much later, and say less. */
function checkModule(module: WebAssembly.Module, importsMemory: boolean): void {
  const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = exported.find((name) => !names.has(name));
  if (missing !== undefined) throw new Error(`it does not export ${missing}`);
  if (WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory') !== importsMemory) {
    throw new Error(importsMemory ? 'it does not import its memory' : 'it imports its memory');
  }
}
