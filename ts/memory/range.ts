import { isSharedBuffer } from '../core/realm.js';

/** Where the elements of a tensor lie. */
export interface Range {
  readonly buffer: ArrayBufferLike;
  readonly start: number;
  readonly bytes: number;
}

/** Whether a range that will be written shares bytes with another one. */
export function overlap(written: Range, other: Range): boolean {
  const start = Math.max(written.start, other.start);
  const end = Math.min(written.start + written.bytes, other.start + other.bytes);
  if (start >= end) return false;
  return written.buffer === other.buffer || areSameMemory(written.buffer, other.buffer, start);
}

/**
 * Whether two objects stand for one shared memory, as those from before and after growth do, and those that came by messages.
 * Nothing tells but a change in one that shows in the other: a byte of the range that will be written is changed and put back.
 */
function areSameMemory(written: ArrayBufferLike, other: ArrayBufferLike, at: number): boolean {
  if (!isSharedBuffer(written) || !isSharedBuffer(other)) return false;
  const [here, there] = [new Uint8Array(written, at, 1), new Uint8Array(other, at, 1)];
  const before = Atomics.load(there, 0);
  Atomics.xor(here, 0, 255);
  const isSame = Atomics.load(there, 0) === (before ^ 255);
  Atomics.xor(here, 0, 255);
  return isSame;
}
