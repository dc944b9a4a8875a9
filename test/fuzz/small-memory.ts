/** Runtimes whose memory cannot grow far: what is left of a machine that has no more. */
import { createRuntime, type Runtime, type RuntimeOptions } from 'pyramid-pool';
import { moduleBytes } from '../unit/module-bytes.js';

/** A runtime with at most so many pages of 64 KiB. */
export async function createSmallRuntime(
  {
    variant,
    wasm,
    ...options
  }: RuntimeOptions & {
    variant: 'scalar' | 'simd' | 'simd-threads';
    wasm?: Uint8Array<ArrayBuffer>;
  },
  pages: number,
): Promise<Runtime> {
  if (variant === 'simd-threads') return withSmallMemory(pages, () => createRuntime({ variant, ...options }));
  return createRuntime({ variant, ...options, wasm: limitMemory(wasm ?? moduleBytes(variant), pages) });
}

/** Limits every memory that is made meanwhile to so many pages. */
async function withSmallMemory<R>(pages: number, make: () => Promise<R>): Promise<R> {
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super({ ...descriptor, maximum: pages });
    }
  };
  try {
    return await make();
  } finally {
    WebAssembly.Memory = Memory;
  }
}

const MEMORY_SECTION = 5;

/** The same module, whose memory has a maximum. */
function limitMemory(bytes: Uint8Array, pages: number): Uint8Array<ArrayBuffer> {
  let at = 8;
  for (;;) {
    const section = bytes[at] as number;
    const [size, body] = readNumber(bytes, at + 1);
    if (section === MEMORY_SECTION) {
      // One memory, flags, least, and most where the flags say so.
      const [least] = readNumber(bytes, body + 2);
      const limited = [1, 1, ...writeNumber(least), ...writeNumber(pages)];
      const before = bytes.subarray(0, at + 1);
      return concatenated(before, [...writeNumber(limited.length), ...limited], bytes.subarray(body + size));
    }
    at = body + size;
  }
}

function concatenated(...parts: ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A number of seven bits a byte, and where the next thing begins. */
function readNumber(bytes: Uint8Array, at: number): [value: number, next: number] {
  const byte = bytes[at] as number;
  if (byte < 128) return [byte, at + 1];
  const [rest, next] = readNumber(bytes, at + 1);
  return [(byte & 127) + 128 * rest, next];
}

function writeNumber(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...writeNumber(value >>> 7)];
}
