/** Opens model files, from wherever they are. */
import { platform } from '#platform';
import { describeValue, fail } from '../arguments/checks.js';
import { messageOf, PyramidPoolError } from '../core/errors.js';

/** The bytes of a model. */
export type ModelBytes = ArrayBufferView | ArrayBufferLike;

/** A model: its bytes, or where they are. */
export type ModelSource = ModelBytes | Blob | Response | URL | string;

/** The bytes of a model. Those that were given are not copied. */
export async function openModel(source: ModelSource): Promise<Uint8Array> {
  const bytes = viewBytes(source);
  if (bytes) return bytes;
  if (typeof source === 'string' || source instanceof URL) return load(toUrl(source));
  if (typeof Response === 'function' && source instanceof Response) return read(source, source.url);
  if (typeof Blob === 'function' && source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  fail('invalid-options', 'the model', `is ${describeValue(source)}`, 'bytes, a URL, a Response or a File');
}

/** Bytes that are there already. */
export function viewBytes(source: unknown): Uint8Array | undefined {
  if (source instanceof Uint8Array) return source;
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const isBuffer =
    source instanceof ArrayBuffer ||
    (typeof SharedArrayBuffer === 'function' && source instanceof SharedArrayBuffer);
  return isBuffer ? new Uint8Array(source as ArrayBuffer) : undefined;
}

/** A relative path is one from the page, or in Node, Deno and Bun from the working directory. */
function toUrl(source: string | URL): URL {
  const { location, process } = globalThis as { location?: { href: string }; process?: { cwd?(): string } };
  const folder = process?.cwd ? `file://${process.cwd()}/` : undefined;
  try {
    return new URL(source, location?.href ?? folder);
  } catch {
    fail('invalid-options', 'the model', `is ${describeValue(source)}`, 'an absolute URL');
  }
}

async function load(url: URL): Promise<Uint8Array> {
  let loaded: ModelBytes | Response;
  try {
    loaded = await platform.load(url);
  } catch (cause) {
    throw new PyramidPoolError(
      'missing-data',
      `the model could not be loaded from ${url}: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
  const bytes = viewBytes(loaded);
  return bytes ?? read(loaded as Response, String(url));
}

async function read(response: Response, url: string): Promise<Uint8Array> {
  if (!response.ok) {
    throw new PyramidPoolError(
      'missing-data',
      `the model could not be loaded from ${url}: the server answered ${response.status}`,
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}
