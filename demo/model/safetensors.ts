/**
 * Weights in a file, in the format `safetensors`: eight bytes that give the length of a JSON header, the header (name, type, shape
 * and place of every tensor), and the tensors one after the other. https://github.com/huggingface/safetensors describes it.
 */

/** A tensor of a file: `float32`, row by row. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The tensors of a file, and what is said about them. */
export interface TensorFile {
  readonly tensors: readonly NamedTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [start: number, end: number];
}

const LENGTH_BYTES = 8;
const FLOAT_BYTES = 4;
const HALF_BYTES = 2;

/** The bytes of a file. With `toHalves`, which gives the bits of each value as `float16`, it is half as large. */
export function packTensors(
  { tensors, metadata }: TensorFile,
  toHalves?: (values: Float32Array) => Uint16Array,
): Uint8Array<ArrayBuffer> {
  const arrays = tensors.map(({ data }) => toHalves?.(data) ?? data);
  const dtype = toHalves ? 'F16' : 'F32';
  let end = 0;
  const entries = tensors.map(({ name, shape }, i): [string, Entry] => {
    const start = end;
    end += arrays[i].byteLength;
    return [name, { dtype, shape: [...shape], data_offsets: [start, end] }];
  });
  const json = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  // Spaces after the header have the tensors begin at a multiple of eight bytes.
  const header = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const bytes = new Uint8Array(LENGTH_BYTES + header.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, LENGTH_BYTES);
  arrays.forEach(({ buffer, byteOffset, byteLength }, i) => {
    const at = LENGTH_BYTES + header.length + entries[i][1].data_offsets[0];
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
  });
  return bytes;
}

/**
 * Reads a file. Throws a sentence where it is not one, or holds other types than `float32`, and with `fromHalves`, which reads
 * bits, `float16`.
 */
export function unpackTensors(
  bytes: Uint8Array,
  fromHalves?: (bits: Uint16Array) => Float32Array,
): TensorFile {
  const { header, first } = readHeader(bytes);
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, Entry> & {
    __metadata__?: Record<string, string>;
  };
  const tensors = Object.entries(entries).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [start, end],
      },
    ]) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const isHalf = dtype === 'F16' && fromHalves !== undefined;
      const size = (isHalf ? HALF_BYTES : FLOAT_BYTES) * count;
      if ((dtype !== 'F32' && !isHalf) || end - start !== size || first + end > bytes.length) {
        throw new Error(`The tensor ${name} of the model is not whole, or not float32.`);
      }
      // A copy, which lies at a multiple of four bytes wherever the file does.
      const { buffer } = Uint8Array.from(bytes.subarray(first + start, first + end));
      return { name, shape, data: isHalf ? fromHalves(new Uint16Array(buffer)) : new Float32Array(buffer) };
    },
  );
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array): { header: unknown; first: number } {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const first = LENGTH_BYTES + Number(view.getBigUint64(0, true));
    return { header: JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, first))), first };
  } catch (cause) {
    throw new Error('This is no model: it does not begin as a safetensors file.', { cause });
  }
}
