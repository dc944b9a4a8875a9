import { proxy } from 'comlink';
import { drawGrey } from '../ui/canvas.js';
import { announce, element } from '../ui/dom.js';
import type { Picture } from '../ui/images.js';
import type { Found } from './detector-desk.js';
import type { RemoteDetector } from './load-detector.js';
import { drawDigits } from './picture.js';
import { showTimes, totalOf } from './times-table.js';

/** R-CNN beside the detector: the button that runs the network for every window, its bar, its boxes and its times. */
export class RcnnControl {
  readonly #root: HTMLElement;
  readonly #onFound: () => void;
  /** The run under way. One that was cancelled may end after the next one has begun. */
  #running: { detector: RemoteDetector } | undefined;
  #found: Found | undefined;

  /** `onFound` is called when there is something to draw. */
  constructor(root: HTMLElement, onFound: () => void) {
    this.#root = root;
    this.#onFound = onFound;
  }

  /** `fastMs`: what the detector takes that runs its network once. Pressed again, it cancels. */
  async toggle(detector: RemoteDetector, image: Picture, count: number, fastMs: number): Promise<void> {
    if (this.#running) return this.stop();
    const run = { detector };
    this.#setRunning(run);
    const bar = element<HTMLProgressElement>(this.#root, '#rcnn-progress');
    bar.value = 0;
    const onProgress = proxy((share: number) => {
      bar.value = share;
    });
    try {
      const { values, height, width } = image;
      const found = await detector.detectAsRcnn({ values, height, width }, count, onProgress);
      if (found && this.#running === run) this.#show(found, fastMs);
    } finally {
      if (this.#running === run) this.#setRunning(undefined);
    }
  }

  stop(): void {
    void this.#running?.detector.cancelRcnn();
    this.#setRunning(undefined);
  }

  /** What was found is that of another picture now. */
  forget(): void {
    this.stop();
    this.#found = undefined;
    element(this.#root, '#rcnn-card').hidden = true;
    showTimes(this.#root, 'rcnn', undefined);
    element(this.#root, '#rcnn-times').textContent = '';
  }

  /** Draws its boxes with this score or more over the picture. */
  draw(image: Picture, least: number): void {
    if (!this.#found) return;
    const card = element(this.#root, '#rcnn-card');
    drawGrey(element(card, '.picture-cells'), image);
    const shown = this.#found.found.filter(({ score }) => score >= least);
    const scale = (element(card, '.picture-rcnn').clientWidth - 2) / image.width;
    drawDigits(element(card, '.picture-windows'), image, shown, scale);
    announce(element(card, '#rcnn-text'), `${shown.length} digits with that score or more.`);
  }

  #show(found: Found, fastMs: number): void {
    this.#found = found;
    element(this.#root, '#rcnn-card').hidden = false;
    showTimes(this.#root, 'rcnn', found.times);
    const times = totalOf(found.times) / fastMs;
    element(this.#root, '#rcnn-times').textContent =
      `R-CNN took ${times.toFixed(times < 10 ? 1 : 0)} times as long.`;
    this.#onFound();
  }

  #setRunning(running: { detector: RemoteDetector } | undefined): void {
    this.#running = running;
    element(this.#root, '#rcnn').textContent = running ? 'Cancel' : 'Run it as R-CNN did';
    element(this.#root, '#rcnn-progress').hidden = !running;
  }
}
