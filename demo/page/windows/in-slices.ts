const SLICE_MS = 40;

/**
 * Does the same for each of so many things, in slices between which the page may draw and hear the visitor.
 *
 * @returns the milliseconds that it took without these pauses
 */
export async function inSlices(
  count: number,
  work: (i: number) => void,
  signal: AbortSignal,
): Promise<number> {
  let milliseconds = 0;
  let started = performance.now();
  for (let i = 0; i < count; i++) {
    work(i);
    const now = performance.now();
    if (now - started < SLICE_MS && i < count - 1) continue;
    milliseconds += now - started;
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    started = performance.now();
  }
  return milliseconds;
}
