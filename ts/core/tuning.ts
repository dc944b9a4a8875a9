/**
 * What machines decide on this side of WASM. Nothing here changes a result. To set a value anew, build with the old and the new one, and
 * compare `npm run bench -- --threads N` of both for the cases that are named. Where no figure stands, none was kept: measure before
 * you rely on the value. `crate/src/tuning.rs` has those of the crate.
 */

/**
 * Elements of a call's maps from which sleeping workers are woken. Waking takes the caller about 10 µs, and the worker begins some tens
 * of microseconds later: with fewer elements the work is over before. Measure cases a (43,264 elements) and c (802,816), with pauses.
 */
export const WORTH_WAKING = 1 << 18;

/** The same for workers that are awake. Measure case a. */
export const WORTH_SHARING = 1 << 15;

/**
 * Milliseconds that a worker looks for more work before it sleeps, and that a caller looks whether its job is done: five times what
 * waking takes. Measure cases a and b.
 */
export const SPIN_MS = 0.05;

/** Chunks that a job is cut into: enough to even out threads that start late or are disturbed. Measure cases c and d. */
export const CHUNKS_PER_JOB = 16;

/** Threads that `threads: 'auto'` takes at most: pooling is bound by memory. Measure cases c and d with all cores of a large machine. */
export const MOST_AUTOMATIC_THREADS = 8;

/**
 * Bytes that asynchronous calls under way may hold before others wait. They run one after the other anyway. Bounds memory, and is not
 * from a measurement.
 */
export const MOST_BYTES_UNDER_WAY = 2 ** 28;

/** Plans that are kept for sizes that come again. One takes a few kilobytes for usual levels. Bounds memory as well. */
export const MOST_PLANS = 256;
