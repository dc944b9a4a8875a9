import { element } from '../ui/dom.js';
import { runEachWindow } from './each-window.js';
import { inMs, type Watched, type Watcher } from './watch.js';

/** The button that runs the network for every window, with its bar; pressed again it cancels. */
export class RcnnControl {
  readonly #root: HTMLElement;
  #cancel: AbortController | undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** `onceMs`: what it takes to run the network once and to pool all windows. */
  async toggle(watcher: Watcher, { windows, image }: Watched, onceMs: number): Promise<void> {
    if (this.#cancel) return this.#cancel.abort();
    const cancel = new AbortController();
    this.#show(cancel);
    const bar = element<HTMLProgressElement>(this.#root, '#rcnn-progress');
    const onProgress = (done: number) => {
      bar.value = done / windows.length;
    };
    try {
      const { backbone, single } = watcher;
      const taken = await runEachWindow(backbone, single, image, windows, onProgress, cancel.signal);
      element(this.#root, '#time-rcnn').textContent =
        `${inMs(taken)}: ${(taken / onceMs).toFixed(0)} times as long`;
    } catch (error) {
      if (!cancel.signal.aborted) throw error;
    } finally {
      this.#show(undefined);
    }
  }

  stop(): void {
    this.#cancel?.abort();
  }

  /** The time is that of another picture now. */
  forget(): void {
    this.stop();
    element(this.#root, '#time-rcnn').textContent = '–';
  }

  #show(running: AbortController | undefined): void {
    this.#cancel = running;
    element(this.#root, '#rcnn').textContent = running ? 'Cancel' : 'Run it as R-CNN did';
    element(this.#root, '#rcnn-progress').hidden = !running;
  }
}
