import unpackModule from '#unpack-module';

interface Exports {
  readonly memory: WebAssembly.Memory;
  unpack(file: number, fileLength: number, to: number, length: number): void;
}

const PAGE_BYTES = 65536;

/**
 * Unpacks a built-in module: base64 of a file of the format `.lzma`, which states its size.
 *
 * Not by the host's own streams, which are newer than SIMD and do not answer at once, nor by `atob`, which worklets lack.
 */
export function unpack(text: string): Uint8Array<ArrayBuffer> {
  const file = decodeBase64(text);
  const length = new DataView(file.buffer).getUint32(5, true);
  // Small enough to be compiled at once on any page.
  const module = new WebAssembly.Module(decodeBase64(unpackModule));
  const { memory, unpack } = new WebAssembly.Instance(module).exports as unknown as Exports;
  const at = PAGE_BYTES * memory.grow(Math.ceil((file.length + length) / PAGE_BYTES));
  const to = at + file.length;
  new Uint8Array(memory.buffer).set(file, at);
  unpack(at, file.length, to, length);
  return new Uint8Array(memory.buffer as ArrayBuffer).slice(to, to + length);
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The bytes of base64 without white space. */
function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(128);
  for (let i = 0; i < DIGITS.length; i++) values[DIGITS.charCodeAt(i)] = i;
  const digits = text.replace(/=+$/, '').length;
  const bytes = new Uint8Array((digits * 3) >> 2);
  let bits = 0;
  for (let i = 0, at = 0; i < digits; i++) {
    bits = (bits << 6) | (values[text.charCodeAt(i)] as number);
    // Every digit but the first of four completes a byte.
    if (i % 4 > 0) bytes[at++] = bits >> (6 - 2 * (i % 4));
  }
  return bytes;
}
