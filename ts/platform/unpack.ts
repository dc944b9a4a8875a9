import { inflateSync } from 'fflate';

/**
 * Unpacks a built-in module where the host has no function of its own that answers at once.
 *
 * Not by the host's own streams, which are newer than SIMD and do not answer at once, nor by `atob`, which worklets lack.
 */
export function unpack(text: string): Uint8Array<ArrayBuffer> {
  return inflateSync(decodeBase64(text));
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
