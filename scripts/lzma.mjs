/** Packs bytes as a file of the format `.lzma`, which `crate/unpack` reads. */
export async function packLzma(bytes) {
  // Here and not at the top: this module is read before dependencies are installed.
  const { default: lzma } = await import('lzma');
  // With a dictionary of half a megabyte, which holds any of the modules. Larger ones make nothing smaller.
  return Uint8Array.from(lzma.compress(bytes, 3));
}
