/**
 * What machines decide on this side of WASM. Nothing here changes a result. To set a value anew, build `dist` with the old and the new
 * one, import both in one process, and let them take turns on tensors in WASM memory. Cases are those of BENCHMARKS.md. The crate's
 * constants are in `crate/src/tuning.rs`.
 */

/**
 * Elements of a call's maps from which its jobs are shared with the workers, asleep or awake. Measure one thread and two by turns, over
 * maps of 16 to 1024 channels of 28 x 28 under 4, 2, 1, without pauses and with pauses of 2 ms, which put the workers to sleep.
 *
 * Time with two threads over the time with one, on an AMD EPYC with two processors:
 *
 * | elements             | 50,176 | 100,352 | 200,704 | 401,408 | 802,816 |
 * | -------------------- | ------ | ------- | ------- | ------- | ------- |
 * | NCHW, forward, awake | 1.58   | 1.41    | 1.12    | 0.91    | 0.77    |
 * | asleep               | 1.63   | 1.62    | 1.26    | 0.93    | 0.72    |
 * | indices, awake       | 1.57   | 1.27    | 1.03    | 0.84    | 0.64    |
 * | backward, awake      | 2.36   | 1.24    | 0.98    | 0.83    | 0.69    |
 * | NHWC, forward, awake | 1.25   | 1.54    | 1.00    | 0.98    | 1.02    |
 */
export const WORTH_SHARING = 1 << 18;

/**
 * Milliseconds that a worker looks for more work before it sleeps, and that a caller looks whether its job is done before it does.
 * Measure cases b, c and d with two threads, 15 calls in a row and a pause of 1 ms: on the machine above, 0 takes 1.03 to 1.26 times as
 * long, and 0.2 takes 0.89 to 1.04 while idle workers use a core four times as long.
 */
export const SPIN_MS = 0.05;

/**
 * Chunks that a job is cut into: enough to even out threads that start late or are disturbed. Measure the same: 2, 4, 8 and 64 take 1.04
 * to 1.28 times as long as 16, in a run in which a second copy of 16 took 1.02 to 1.15. So only 2 is known to be worse, for case c,
 * forward (1.28).
 */
export const CHUNKS_PER_JOB = 16;

/**
 * Threads that `threads: 'auto'` takes at most: pooling is bound by memory. Not measured: it takes a machine of more than eight cores.
 * Measure cases c and d there with 4, 8 and 16 threads.
 */
export const MOST_AUTOMATIC_THREADS = 8;

/**
 * Bytes that asynchronous calls under way may hold before others wait. They run one after the other anyway. Bounds memory, and is not
 * from a measurement.
 */
export const MOST_BYTES_UNDER_WAY = 2 ** 28;

/** Plans that are kept for sizes that come again. One takes a few kilobytes for usual levels. Bounds memory as well. */
export const MOST_PLANS = 256;

/**
 * Bytes of the tensors of a call up to which it may run in memory that is not shared, beside a runtime's shared memory. Bounds memory:
 * larger calls take 0.95 to 1.16 times as long in shared memory with two threads.
 */
export const MOST_UNSHARED_BYTES = 2 ** 26;

/**
 * Bytes of the tensors of a synchronous call up to which their block is kept for the next call. Bounds memory as well. Measure `npm start`:
 * with 0, backward of its maps of about 100 kB takes 1.5 times as long.
 */
export const MOST_KEPT_BYTES = 2 ** 20;

/**
 * Bytes of a map that short calls copy to WASM memory and pool at a time: the first cache holds them. Measure `npm start`: with all at once,
 * forward takes 1.08 times as long, and backward the same time.
 */
export const TURN_BYTES = 2 ** 14;
