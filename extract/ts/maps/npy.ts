/** An array of NumPy. */
export interface NpyArray {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

const MAGIC = '\x93NUMPY';

/**
 * Reads a `.npy` file of versions 1 to 3 with little-endian float32 in C order. Throws an `Error` with the reason for any
 * other.
 */
export function readNpy(file: Buffer): NpyArray {
  if (file.toString('latin1', 0, 6) !== MAGIC) throw new Error('the file is no .npy file');
  const isShort = file[6] === 1;
  const start = isShort ? 10 : 12;
  if (file.length < start) throw new Error('the file ends within its header');
  const end = start + (isShort ? file.readUInt16LE(8) : file.readUInt32LE(8));
  const header = file.toString('utf8', start, end);
  const type = /'descr': *'([^']*)'/.exec(header)?.[1];
  if (type !== '<f4') throw new Error(`its elements are of '${type ?? '?'}', but must be '<f4' (float32)`);
  if (!/'fortran_order': *False/.test(header))
    throw new Error('it is in Fortran order, but must be in C order');
  const shape = (/'shape': *\(([^)]*)\)/.exec(header)?.[1] ?? '')
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  const count = shape.reduce((a, b) => a * b, 1);
  if (file.length - end < 4 * count) {
    throw new Error(
      `it has ${file.length - end} bytes of data, but its shape (${shape.join(', ')}) needs ${4 * count}`,
    );
  }
  // A copy, as data must begin at a multiple of four.
  const bytes = Uint8Array.prototype.slice.call(file, end, end + 4 * count);
  return { data: new Float32Array(bytes.buffer, bytes.byteOffset, count), shape };
}
