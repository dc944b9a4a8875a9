import type { Remote } from 'comlink';
import { cropToInk, type Plane } from '../../ink/plane.js';
import { drawGrey } from '../ui/canvas.js';
import { announce, element, make, oncePerFrame } from '../ui/dom.js';
import { DrawingPad } from '../ui/drawing-pad.js';
import type { Recognition, TrainingSession } from './training-session.js';

const SIDE = 64;
const LARGER = 2;

/** The writing area, and the network's answer. */
export class Recogniser {
  readonly #root: HTMLElement;
  readonly #open: () => Promise<Remote<TrainingSession>>;
  readonly #onError: (error: unknown) => void;
  readonly #bars: readonly HTMLElement[];
  readonly #pad: DrawingPad;
  #shown: { plane: Plane; truth: number | undefined } | undefined;
  #busy = false;
  #again = false;

  constructor(
    root: HTMLElement,
    open: () => Promise<Remote<TrainingSession>>,
    onError: (error: unknown) => void,
  ) {
    this.#root = root;
    this.#open = open;
    this.#onError = onError;
    this.#bars = makeBars(element(root, '#probabilities'));
    const read = oncePerFrame(() => this.#readPad());
    this.#pad = new DrawingPad(element(root, '#pad'), 'Writing area', SIDE, SIDE, read);
    element(root, '#clear').addEventListener('click', () => this.#pad.clear());
    element(root, '#any').addEventListener('click', () => this.#takeAny().catch(onError));
  }

  /** The network has changed: asks it again. */
  refresh(): void {
    if (this.#shown) this.#ask();
  }

  #readPad(): void {
    const plane = cropToInk(this.#pad.plane());
    this.#shown = plane && { plane, truth: undefined };
    if (plane) this.#ask();
    else this.#show(undefined);
  }

  #ask(): void {
    this.#recognise().catch(this.#onError);
  }

  async #takeAny(): Promise<void> {
    const { label, plane } = await (await this.#open()).anyTestDigit();
    this.#shown = { plane, truth: label };
    await this.#recognise();
  }

  /** One question at a time; the latest one is asked when the worker is free. */
  async #recognise(): Promise<void> {
    this.#again = this.#busy;
    if (this.#busy || !this.#shown) return;
    this.#busy = true;
    const asked = this.#shown;
    try {
      const answer = await (await this.#open()).recognise(asked.plane);
      if (this.#shown === asked) this.#show(answer);
    } finally {
      this.#busy = false;
    }
    if (this.#again) this.#ask();
  }

  #show(answer: Recognition | undefined): void {
    const probabilities = answer?.probabilities;
    const seen = element<HTMLCanvasElement>(this.#root, '#seen');
    const text = element(this.#root, '#answer-text');
    seen.hidden = !probabilities;
    this.#bars.forEach((bar, digit) => {
      const probability = probabilities?.[digit] ?? 0;
      element(bar, '.bar').style.setProperty('--probability', String(probability));
      element(bar, 'span:last-child').textContent = probabilities ? `${Math.round(100 * probability)} %` : '';
    });
    if (!answer || !probabilities || !this.#shown) {
      announce(text, 'Write a digit, and the network reads it.');
      return;
    }
    const { plane, truth } = this.#shown;
    const best = probabilities.indexOf(Math.max(...probabilities));
    const known = truth === undefined ? '' : ` It is a ${truth}.`;
    const guessed = answer.trained
      ? ''
      : ' But the network has learnt nothing yet: train it, or load a model.';
    announce(text, `${plane.width} × ${plane.height} pixels: that is a ${best}.${known}${guessed}`);
    drawGrey(seen, plane);
    seen.style.width = `${plane.width * LARGER}px`;
  }
}

function makeBars(list: HTMLElement): HTMLElement[] {
  const bars = Array.from({ length: 10 }, (_, digit) =>
    make('li', {}, make('span', {}, String(digit)), make('span', { className: 'bar' }), make('span')),
  );
  list.replaceChildren(...bars);
  return bars;
}
