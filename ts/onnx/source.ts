/** Opens model files, from wherever they are. */
import { platform } from '#platform';
import { describeValue, fail } from '../arguments/checks.js';
import { messageOf, PyramidPoolError } from '../core/errors.js';
import type { ResponseLike, UrlLike } from '../core/host-types.js';
import { isBytes, isResponse, isUrl } from '../core/realm.js';

/** The bytes of a model. */
export type ModelBytes = ArrayBufferView | ArrayBufferLike;

/** A model: its bytes, or where they are. A `Response`, a `File` and a `Blob` are `ResponseLike`, a `URL` is `UrlLike`. */
export type ModelSource = ModelBytes | ResponseLike | UrlLike | string;

/** The bytes of a model. Those that were given are not copied. */
export async function openModel(source: unknown): Promise<Uint8Array> {
  const bytes = viewBytes(source);
  if (bytes) return bytes;
  if (typeof source === 'string') return load(source);
  if (isUrl(source)) return load(source.href);
  if (isResponse(source)) return read(source, 'a response');
  fail('invalid-options', 'the model', `is ${describeValue(source)}`, 'bytes, a URL, a Response or a File');
}

/** Bytes that are there already. */
export function viewBytes(source: unknown): Uint8Array | undefined {
  if (!isBytes(source)) return undefined;
  if (!ArrayBuffer.isView(source)) return new Uint8Array(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

async function load(address: string): Promise<Uint8Array> {
  const url = toUrl(address);
  let loaded: BufferSource | ResponseLike;
  try {
    loaded = await platform.load(url);
  } catch (cause) {
    throw new PyramidPoolError(
      'missing-data',
      `the model could not be loaded from ${url}: ${messageOf(cause)}`,
      { cause },
    );
  }
  return viewBytes(loaded) ?? read(loaded as ResponseLike, String(url));
}

/** A relative path is one from the page, or in Node, Deno and Bun from the working directory. */
function toUrl(address: string): URL {
  const { location, process } = globalThis as { location?: { href: string }; process?: { cwd?(): string } };
  const folder = process?.cwd ? `file://${process.cwd()}/` : undefined;
  try {
    return new URL(address, location?.href ?? folder);
  } catch {
    fail('invalid-options', 'the model', `is ${describeValue(address)}`, 'an absolute URL');
  }
}

async function read(response: ResponseLike, from: string): Promise<Uint8Array> {
  if (response.ok === false) {
    throw new PyramidPoolError(
      'missing-data',
      `the model could not be loaded from ${from}: the server answered ${response.status}`,
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}
