import { make } from './dom.js';
import { type DownloadProgress, megabytes } from './download.js';

/** A line and a bar that say what is being loaded and how far it is. */
export class Loading {
  readonly element = make('div', { className: 'loading' });
  readonly #text = make('p', { role: 'status' });
  readonly #bar = make('progress');

  constructor(text: string) {
    this.#text.textContent = text;
    this.#bar.setAttribute('aria-label', text);
    this.element.append(this.#text, this.#bar);
  }

  /** `what` is announced when it changes; the megabytes are only shown. */
  update(what: string, progress?: DownloadProgress): void {
    if (!progress) {
      this.#text.textContent = `${what} …`;
      this.#bar.removeAttribute('value');
      return;
    }
    this.#text.textContent = `${what}: ${megabytes(progress)}`;
    if (progress.total) {
      this.#bar.max = progress.total;
      this.#bar.value = progress.bytes;
    }
  }

  fail(message: string): void {
    this.#text.textContent = message;
    this.#text.className = 'problem';
    this.#bar.remove();
  }
}
