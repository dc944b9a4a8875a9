/**
 * What a value is, asked of the value itself. `instanceof` knows the classes of one realm, and values come from others:
 * from frames, from Node's `vm`, from the sandboxes of test runners and servers.
 */
import type { ResponseLike, TrustedScriptUrlLike, UrlLike } from './host-types.js';

/** Whether a value is a compiled WebAssembly module. */
export function isWebAssemblyModule(value: unknown): value is WebAssembly.Module {
  try {
    WebAssembly.Module.exports(value as WebAssembly.Module);
    return true;
  } catch {
    return false;
  }
}

/** Whether a value is a WebAssembly memory that threads can share. */
export function isSharedMemory(value: unknown): value is WebAssembly.Memory {
  try {
    const { get } = Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, 'buffer') ?? {};
    return isSharedBuffer(get?.call(value));
  } catch {
    return false;
  }
}

/** Whether a buffer is one that threads share. Where pages are not isolated there is no class to compare it with. */
export function isSharedBuffer(value: unknown): boolean {
  // What `tagOf` reads, but asked of every tensor of every call.
  return (
    (value as { [Symbol.toStringTag]?: unknown } | null | undefined)?.[Symbol.toStringTag] ===
    'SharedArrayBuffer'
  );
}

/** Whether a value holds bytes: a buffer or a view of one. */
export function isBytes(value: unknown): value is BufferSource {
  return ArrayBuffer.isView(value) || isBuffer(value);
}

/** Whether a value is a buffer, shared by threads or not. */
export function isBuffer(value: unknown): value is ArrayBufferLike {
  return tagOf(value) === '[object ArrayBuffer]' || isSharedBuffer(value);
}

/** Whether a value is the response of a `fetch`, or gives its bytes like one. */
export function isResponse(value: unknown): value is ResponseLike {
  return typeof (value as Partial<ResponseLike> | null | undefined)?.arrayBuffer === 'function';
}

/** Whether a value is a `URL`. */
export function isUrl(value: unknown): value is UrlLike {
  return typeof value === 'object' && typeof (value as Partial<UrlLike> | null)?.href === 'string';
}

/** Whether a value is a `TrustedScriptURL`, or gives the text of a URL as one does. */
export function isTrustedScriptUrl(value: unknown): value is TrustedScriptUrlLike {
  if (typeof value !== 'object' || value === null) return false;
  if (tagOf(value) === '[object TrustedScriptURL]') return true;
  const { toJSON, toString: toText } = value as Partial<TrustedScriptUrlLike>;
  if (typeof toJSON !== 'function' || typeof toText !== 'function') return false;
  return toJSON.call(value) === toText.call(value);
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value);
}
