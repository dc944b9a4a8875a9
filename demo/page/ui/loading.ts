import { announce, make } from './dom.js';
import { type DownloadProgress, megabytes } from './download.js';

/** A line of text and a progress bar, shown while something is loaded. */
export class Loading {
  readonly element = make('div', { className: 'loading' });
  readonly #text = make('p', { role: 'status' });
  readonly #amount = make('p', { className: 'figure-number' });
  readonly #bar = make('progress');

  constructor(text: string) {
    this.#text.textContent = text;
    this.#bar.setAttribute('aria-label', text);
    this.element.append(this.#text, this.#amount, this.#bar);
  }

  /** `what` is announced when it changes; the megabytes are only shown. */
  update(what: string, progress?: DownloadProgress): void {
    announce(this.#text, `${what} …`);
    this.#amount.textContent = progress ? megabytes(progress) : '';
    if (!progress) this.#bar.removeAttribute('value');
    else if (progress.total) {
      this.#bar.max = progress.total;
      this.#bar.value = progress.bytes;
    }
  }

  /** Shows why loading failed, with a button to try again. */
  fail(message: string, again: () => void): void {
    const button = make('button', { type: 'button' }, 'Try again');
    button.addEventListener('click', again);
    const problem = make('p', { className: 'problem', role: 'alert' }, message);
    this.element.replaceChildren(problem, button);
  }
}
