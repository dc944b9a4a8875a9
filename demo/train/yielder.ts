/** Yields to the event loop in a long loop, so that a page or terminal stays responsive. */
export class Yielder {
  #last = performance.now();

  /** Yields if the last time is more than 30 ms ago. Throws if `signal` is aborted. */
  async yieldIfDue(signal?: AbortSignal): Promise<void> {
    if (performance.now() - this.#last > 30) {
      await new Promise<void>((resolve) => setTimeout(resolve));
      this.#last = performance.now();
    }
    signal?.throwIfAborted();
  }
}
