import { totalmem } from 'node:os';
import { UsageError } from '../core/errors.js';

/** Bytes that are used where `--memory` is not given: half of the machine's, or of what its container allows. */
function usualMemory(): number {
  const allowed = process.constrainedMemory?.() || Number.POSITIVE_INFINITY;
  return Math.min(totalmem(), allowed) / 2;
}

/** Bytes of the process, and of each thread with its engine, as measured without any large image. */
const OF_PROCESS = 300e6;
const OF_THREAD = 100e6;

/** Bytes for images at least: enough for some million pixels. */
const LEAST_FOR_IMAGES = 100e6;

/** What `--memory` leaves for images. Fails where it is too little; where it was not given, images get a little in any case. */
export function memoryForImages(memory: number | undefined, workers: number): number {
  const taken = OF_PROCESS + workers * OF_THREAD;
  const left = (memory ?? usualMemory()) - taken;
  if (left >= LEAST_FOR_IMAGES) return left;
  if (memory === undefined) return LEAST_FOR_IMAGES;
  const least = Math.ceil((taken + LEAST_FOR_IMAGES) / 1e6);
  throw new UsageError(
    `--memory is ${Math.round(memory / 1e6)} MB, but must be at least ${least} MB for --workers ${workers}: raise it, or have fewer threads`,
  );
}
