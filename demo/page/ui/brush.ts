import { arrows } from './arrow-keys.js';
import { make } from './dom.js';

/** Steps from one side of the area to the other. */
const STEPS = 24;

export interface BrushEvents {
  /** The brush was put down here, in shares of the area's width and height. */
  onDown(x: number, y: number): void;
  /** The brush was moved here. */
  onDraw(x: number, y: number): void;
}

/** A brush to draw by keyboard; the style sheet shows it while the area has the keyboard's focus. */
export class Brush {
  /** To be laid over the area. */
  readonly element = make('span', { className: 'brush' });
  /** Says whether it is down, to screen readers. */
  readonly news = make('p', { className: 'visually-hidden', role: 'status' });
  readonly #events: BrushEvents;
  /** Two arrows at once go diagonally. */
  readonly #pressed = new Set<string>();
  #x = STEPS / 2;
  #y = STEPS / 4;
  #isDown = false;

  constructor(area: HTMLElement, events: BrushEvents) {
    this.#events = events;
    area.addEventListener('keydown', (event) => {
      if (this.#onKey(event)) event.preventDefault();
    });
    area.addEventListener('keyup', ({ key }) => this.#pressed.delete(key));
    area.addEventListener('blur', () => {
      this.#pressed.clear();
      this.lift();
    });
    this.#show();
  }

  lift(): void {
    this.#isDown = false;
    this.news.textContent = '';
    this.#show();
  }

  #onKey({ key, ctrlKey, altKey, metaKey, repeat }: KeyboardEvent): boolean {
    if (ctrlKey || altKey || metaKey) return false;
    if (key === ' ' || key === 'Enter') {
      if (!repeat) this.#toggle();
    } else if (arrows[key]) {
      this.#pressed.add(key);
      this.#move();
    } else return false;
    return true;
  }

  #toggle(): void {
    this.#isDown = !this.#isDown;
    if (this.#isDown) this.#events.onDown(this.#x / STEPS, this.#y / STEPS);
    const percent = (steps: number) => `${Math.round((100 * steps) / STEPS)} %`;
    this.news.textContent =
      `Brush ${this.#isDown ? 'down' : 'lifted'}, ` +
      `${percent(this.#x)} from the left, ${percent(this.#y)} from the top.`;
    this.#show();
  }

  #move(): void {
    const within = (at: number) => Math.max(0, Math.min(STEPS, at));
    for (const key of this.#pressed) {
      const [x, y] = arrows[key];
      [this.#x, this.#y] = [within(this.#x + x), within(this.#y + y)];
    }
    if (this.#isDown) this.#events.onDraw(this.#x / STEPS, this.#y / STEPS);
    this.#show();
  }

  #show(): void {
    this.element.classList.toggle('down', this.#isDown);
    this.element.style.left = `${(100 * this.#x) / STEPS}%`;
    this.element.style.top = `${(100 * this.#y) / STEPS}%`;
  }
}
