/** Lets the host (a page, a terminal) draw and hear the user now and then while a long loop runs. */
export class Breather {
  #last = performance.now();

  /** Gives way when the last time is long enough ago, then throws if the work is to stop. */
  async breathe(signal?: AbortSignal): Promise<void> {
    if (performance.now() - this.#last > 30) {
      await new Promise<void>((resolve) => setTimeout(resolve));
      this.#last = performance.now();
    }
    signal?.throwIfAborted();
  }
}
