import { drawInk, prepare } from '../ui/canvas.js';
import { pageColour } from '../ui/colours.js';
import { oncePerFrame, prefersReducedMotion } from '../ui/dom.js';
import type { TrainingDigit } from './training-digit.js';

const HEIGHT = 84;
const GAP = 10;
const LARGER = 1.25;
/** With reduced motion, the row changes as a whole and seldom. */
const CALM_EVERY = 2000;

/** Digits that move from right to left, each at its size, with the network's answer below. */
export class DigitStream {
  readonly #canvas: HTMLCanvasElement;
  #digits: TrainingDigit[] = [];
  #changed = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.redraw();
  }

  add(digits: readonly TrainingDigit[]): void {
    this.#digits = [...digits, ...this.#digits].slice(0, 80);
    if (prefersReducedMotion() && performance.now() - this.#changed < CALM_EVERY) return;
    this.#changed = performance.now();
    this.redraw();
  }

  clear(): void {
    this.#digits = [];
    this.redraw();
  }

  readonly redraw = oncePerFrame(() => {
    const width = this.#canvas.parentElement?.clientWidth ?? 320;
    const context = prepare(this.#canvas, width, HEIGHT);
    this.#canvas.style.width = '100%';
    context.imageSmoothingEnabled = false;
    context.font = '600 13px Inter, sans-serif';
    context.textAlign = 'center';
    const ink = (pageColour('ink').match(/\d+/g) ?? []).slice(0, 3).map(Number);
    let right = width - GAP;
    for (const digit of this.#digits) {
      const [w, h] = [digit.width * LARGER, digit.height * LARGER];
      if (right - w < 0) break;
      const cells = document.createElement('canvas');
      drawInk(cells, digit, ink);
      const isRight = digit.guess === digit.label || digit.guess === 'taken';
      context.globalAlpha = digit.guess === 'refused' ? 0.35 : 1;
      context.drawImage(cells, right - w, (HEIGHT - 20 - h) / 2, w, h);
      context.globalAlpha = 1;
      context.fillStyle = pageColour(isRight ? 'good' : 'bad');
      context.fillText(wordFor(digit.guess), right - w / 2, HEIGHT - 7);
      right -= Math.max(w, 12) + GAP;
    }
  });
}

function wordFor(guess: TrainingDigit['guess']): string {
  return { taken: '✓', refused: '✕' }[guess] ?? String(guess);
}
