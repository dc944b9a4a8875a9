import { inflateSync } from 'fflate';

/**
 * Unpacks a built-in module where the host has no function of its own that answers at once.
 *
 * Not by the host's own streams: they are newer than SIMD, and do not answer at once.
 */
export function unpack(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return inflateSync(bytes);
}
