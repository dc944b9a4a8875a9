import { inflateSync } from 'fflate';

/**
 * The bytes of a built-in module, which travels deflated and in base64: base64 alone keeps servers from packing it well.
 *
 * Not by the host's own streams: they are newer than SIMD, and do not answer at once.
 */
export function unpack(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return inflateSync(bytes);
}
