import { announce, element } from '../ui/dom.js';
import type { SerialQueue } from '../ui/serial-queue.js';
import type { ValuePosition } from '../ui/vector-layout.js';
import { type Pooled, sendBack } from './pooled.js';
import type { GradientCell } from './pyramid-picture.js';

type What = 'none' | 'one' | 'all';

/** The pooled maps, and the value whose gradient is sent. */
export interface GradientSource {
  readonly pooled: readonly (Pooled | undefined)[];
  readonly place: ValuePosition;
}

/** Sends gradients back through the pool, and keeps the cells that they reached. */
export class GradientControl {
  readonly #root: HTMLElement;
  readonly #source: () => GradientSource;
  readonly #queue: SerialQueue;
  readonly #onLanded: () => void;
  readonly #buttons: readonly HTMLButtonElement[];
  #what: What = 'none';
  #landed: readonly (readonly GradientCell[])[] = [];
  #round = 0;

  /** Gradients are sent by tasks of `queue`: while one runs, the pooled maps do not change. */
  constructor(root: HTMLElement, source: () => GradientSource, queue: SerialQueue, onLanded: () => void) {
    this.#root = root;
    this.#source = source;
    this.#queue = queue;
    this.#onLanded = onLanded;
    this.#buttons = [...root.querySelectorAll<HTMLButtonElement>('[data-send]')];
    for (const button of this.#buttons) {
      button.addEventListener('click', () => this.send(button.dataset.send as What));
    }
  }

  /** Where gradients landed on the chosen channel of image `which`. */
  landed(which: number): readonly GradientCell[] {
    return this.#landed[which] ?? [];
  }

  send(what: What): void {
    this.#what = what;
    for (const button of this.#buttons) {
      button.setAttribute('aria-pressed', String(button.dataset.send === what));
    }
    void this.sendAnew();
  }

  /** To be called when another value is chosen. */
  async sendAnew(): Promise<void> {
    const round = ++this.#round;
    await this.#queue.run(() => {
      if (round === this.#round) return this.sendNow();
    });
  }

  /** As `sendAnew`, for callers that run in a task of `queue`. */
  async sendNow(): Promise<void> {
    const { pooled, place } = this.#source();
    const landed =
      this.#what === 'none' ? [] : await Promise.all(pooled.map((each) => this.#land(each, place)));
    this.#landed = landed;
    announce(element(this.#root, '#gradient-text'), this.#describe(landed));
    this.#onLanded();
  }

  async #land(pooled: Pooled | undefined, place: ValuePosition): Promise<GradientCell[]> {
    if (!pooled) return [];
    const { layout, height, width } = pooled;
    const sent = new Float32Array(layout.length);
    if (this.#what === 'one') sent[layout.indexOf(place)] = 1;
    else {
      layout.bins.forEach((bins, level) => {
        const start = layout.indexOf({ level, channel: place.channel, bin: 0 });
        sent.fill(1, start, start + bins);
      });
    }
    const gradient = await sendBack(pooled, sent);
    const plane = gradient.subarray(place.channel * height * width, (place.channel + 1) * height * width);
    return [...plane].flatMap((amount, cell) => (amount === 0 ? [] : [{ cell, gradient: amount }]));
  }

  #describe(landed: readonly (readonly GradientCell[])[]): string {
    if (this.#what === 'none') return '';
    const sentences = landed.map((cells, i) => {
      const most = Math.max(0, ...cells.map(({ gradient }) => gradient));
      const where = `${cells.length} cell${cells.length === 1 ? '' : 's'}`;
      return `In image ${'AB'[i]} it landed on ${where}, up to ${most} on one.`;
    });
    return sentences.join(' ');
  }
}
