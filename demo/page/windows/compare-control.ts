import { element } from '../ui/dom.js';
import { inMs } from './times-table.js';
import type { Watched, Watcher } from './watch.js';

/** Pools the windows of a picture at once and one by one, and says what both took. */
export class CompareControl {
  readonly #root: HTMLElement;
  #running: AbortController | undefined;
  #isDone = false;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** Whether the latest comparison came to its end. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** The comparison before it, if that still runs, ends. */
  async run(watcher: Watcher, watched: Watched): Promise<void> {
    this.stop();
    const running = new AbortController();
    this.#running = running;
    this.#isDone = false;
    element(this.#root, '#times-text').textContent = 'Comparing …';
    try {
      const { atOnceMs, oneByOneMs } = await watcher.compare(watched, running.signal);
      element(this.#root, '#time-each').textContent = inMs(oneByOneMs);
      element(this.#root, '#times-text').textContent =
        `At once is ${(oneByOneMs / atOnceMs).toFixed(1)} times as fast: ${inMs(atOnceMs)} against ${inMs(oneByOneMs)}, ` +
        "by turns on the page's thread, with the same vectors bit for bit.";
      this.#isDone = true;
    } catch (error) {
      if (!running.signal.aborted) throw error;
    } finally {
      if (!this.#isDone && running === this.#running) element(this.#root, '#times-text').textContent = '';
    }
  }

  /** It is that of other settings now. */
  forget(): void {
    this.stop();
    this.#isDone = false;
    element(this.#root, '#time-each').textContent = '–';
    element(this.#root, '#times-text').textContent = '';
  }

  stop(): void {
    this.#running?.abort();
  }
}
