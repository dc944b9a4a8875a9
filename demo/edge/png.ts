import { Unzlib } from 'fflate';

/** The chunks that the pixels need. All others are left out, because a profile or a comment may inflate to any size, too. */
const NEEDED = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];

const SIGNATURE_BYTES = 8;
/** Length and type before a chunk's data, and a checksum after it. */
const AROUND = 12;
/** Compressed bytes that are inflated at a time: deflate makes at most some thousand times as many of them. */
const SLICE = 16384;

/** The size of a PNG, read off its header. */
export function sizeOfPng(bytes: Uint8Array): { width: number; height: number } {
  const { getUint32 } = viewOf(bytes);
  if (bytes.length < SIGNATURE_BYTES + AROUND + 13) throw new Error('the PNG ends within its header');
  return { width: getUint32(16), height: getUint32(20) };
}

/**
 * The same PNG without the chunks that its pixels do not need. Throws where its data inflate to more than its header says,
 * without holding them: a small file that fills the memory otherwise.
 */
export function checkedPng(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunks = chunksOf(bytes).filter(({ type }) => NEEDED.includes(type));
  if (chunks[0]?.type !== 'IHDR' || chunks.at(-1)?.type !== 'IEND') throw new Error('the PNG is cut off');
  checkInflated(
    chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data),
    mostPixelBytes(bytes),
  );
  const parts = [bytes.subarray(0, SIGNATURE_BYTES), ...chunks.map(({ whole }) => whole)];
  const clean = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    clean.set(part, at);
    at += part.length;
  }
  return clean;
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  readonly whole: Uint8Array;
}

function chunksOf(bytes: Uint8Array): Chunk[] {
  const { getUint32 } = viewOf(bytes);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE_BYTES; at + AROUND <= bytes.length && chunks.at(-1)?.type !== 'IEND'; ) {
    const end = at + AROUND + getUint32(at);
    if (end > bytes.length) throw new Error('the PNG is cut off');
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, data: bytes.subarray(at + 8, end - 4), whole: bytes.subarray(at, end) });
    at = end;
  }
  return chunks;
}

/** Bytes of all rows, each with its filter's number in front; interlaced pictures have up to twice as many rows. */
function mostPixelBytes(bytes: Uint8Array): number {
  const { width, height } = sizeOfPng(bytes);
  const mostBytesPerPixel = 8;
  return height * (width * mostBytesPerPixel + 2) + 7 * 2;
}

function checkInflated(parts: readonly Uint8Array[], most: number): void {
  let length = 0;
  const inflator = new Unzlib((chunk) => {
    length += chunk.length;
    if (length > most) throw new Error('the PNG inflates to more than its size says');
  });
  for (const part of parts) {
    for (let at = 0; at < part.length; at += SLICE) inflator.push(part.subarray(at, at + SLICE));
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array) {
  const view = new DataView(buffer, byteOffset, byteLength);
  return { getUint32: (at: number) => view.getUint32(at) };
}
