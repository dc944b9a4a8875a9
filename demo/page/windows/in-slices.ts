const SLICE_MS = 40;

export interface Slices {
  /** Called between slices, when the page is about to draw. */
  onProgress?(done: number): void;
  readonly signal: AbortSignal;
}

/**
 * Does the same for each of so many things, in slices between which the page may draw and hear the visitor.
 *
 * @returns the milliseconds that it took without these pauses
 */
export async function inSlices(
  count: number,
  work: (i: number) => Promise<unknown> | undefined,
  { onProgress, signal }: Slices,
): Promise<number> {
  let milliseconds = 0;
  let started = performance.now();
  for (let i = 0; i < count; i++) {
    const working = work(i);
    if (working) await working;
    const now = performance.now();
    if (now - started < SLICE_MS && i < count - 1) continue;
    milliseconds += now - started;
    onProgress?.(i + 1);
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    started = performance.now();
  }
  return milliseconds;
}
