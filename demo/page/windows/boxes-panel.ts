import type { Detection } from '../../detect/detect.js';
import { announce, element, make } from '../ui/dom.js';

const MOST_LISTED = 40;

/** The boxes that were found: how sure one has to be to be shown, a list of them, and which one is looked at. */
export class BoxesPanel {
  readonly #root: HTMLElement;
  readonly #score: HTMLInputElement;
  readonly #onChange: () => void;
  #found: readonly Detection[] = [];
  #pointedAt: Detection | undefined;

  /** `onChange` is called when other boxes are to be drawn. */
  constructor(root: HTMLElement, onChange: () => void) {
    this.#root = root;
    this.#onChange = onChange;
    this.#score = element<HTMLInputElement>(root, '#score');
    this.#score.addEventListener('input', () => {
      this.#pointedAt = undefined;
      this.#showScore();
      this.refresh(true);
      onChange();
    });
    this.#showScore();
  }

  /** Boxes at or above the score. */
  get shown(): readonly Detection[] {
    return this.#found.filter(({ score }) => score >= this.least);
  }

  get least(): number {
    return this.#score.valueAsNumber;
  }

  get pointedAt(): Detection | undefined {
    return this.#pointedAt;
  }

  /** What was found in another picture. The list is left out while pictures follow each other. */
  set(found: readonly Detection[], withList: boolean): void {
    this.#found = found;
    this.#pointedAt = undefined;
    this.refresh(withList);
  }

  refresh(withList: boolean): void {
    const { shown } = this;
    const digits = shown.length === 1 ? '1 digit' : `${shown.length} digits`;
    announce(
      element(this.#root, '#boxes-text'),
      `${digits} with a score of ${this.least.toFixed(2)} or more.`,
    );
    const list = element(this.#root, '#boxes');
    list.hidden = !withList;
    if (withList)
      list.replaceChildren(...shown.slice(0, MOST_LISTED).map((detection) => this.#entryOf(detection)));
  }

  /** Looks at the smallest box around a point, in pixels of the image. */
  pointAt(x: number, y: number): void {
    const around = this.shown.filter(({ box }) => x >= box.x1 && x <= box.x2 && y >= box.y1 && y <= box.y2);
    const size = ({ box }: Detection) => (box.x2 - box.x1) * (box.y2 - box.y1);
    this.#lookAt(around.sort((a, b) => size(a) - size(b))[0]);
  }

  /** What is said about the box that is looked at. */
  describe(): string {
    if (!this.#pointedAt) return '';
    const { label, score, windows } = this.#pointedAt;
    const led = windows.length === 1 ? '1 window' : `${windows.length} windows`;
    return `A ${label} with a score of ${score.toFixed(2)}; ${led} led to it.`;
  }

  #lookAt(detection: Detection | undefined): void {
    if (detection === this.#pointedAt) return;
    this.#pointedAt = detection;
    this.#onChange();
  }

  #entryOf(detection: Detection): HTMLElement {
    const { label, score, windows } = detection;
    const text = `${label} · ${score.toFixed(2)}`;
    const button = make('button', { type: 'button', className: 'quiet' }, text);
    button.ariaLabel = `${text}, from ${windows.length} windows`;
    for (const event of ['focus', 'pointerenter', 'click']) {
      button.addEventListener(event, () => this.#lookAt(detection));
    }
    return make('li', {}, button);
  }

  #showScore(): void {
    const text = this.least.toFixed(2);
    element(this.#root, '#score-text').textContent = text;
    this.#score.setAttribute('aria-valuetext', text);
  }
}
