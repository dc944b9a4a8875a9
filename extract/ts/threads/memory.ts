import { totalmem } from 'node:os';

/** Bytes that are used where `--memory` is not given: half of the machine's, or of what its container allows. */
export function usualMemory(): number {
  const allowed = process.constrainedMemory?.() || Number.POSITIVE_INFINITY;
  return Math.min(totalmem(), allowed) / 2;
}
