import type { Box } from '../../detect/box.js';
import { announce, element } from '../ui/dom.js';
import { findAlike } from './search.js';
import type { Watched } from './watch.js';

const MOST_FOUND = 8;
const LIKE_ENOUGH = 0.84;

/** The search for what looks like a window: by its vector, in every picture that follows. */
export class Likeness {
  readonly #root: HTMLElement;
  #query: Float32Array | undefined;
  #found: readonly { readonly window: Box; readonly text: string }[] = [];

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  get isOn(): boolean {
    return this.#query !== undefined;
  }

  /** The windows that are most like it in the picture of now, with how much. */
  get found(): readonly { readonly window: Box; readonly text: string }[] {
    return this.#found;
  }

  /** Looks for the window with this number from now on; nothing: looks for nothing more. */
  lookFor(watched: Watched | undefined, at: number | undefined): void {
    this.#query =
      watched && at !== undefined
        ? watched.vectors.slice(at * watched.length, (at + 1) * watched.length)
        : undefined;
    this.search(watched);
  }

  search(watched: Watched | undefined): void {
    const query = this.#query;
    const ranked = watched && query ? findAlike(watched.vectors, watched.windows, query, MOST_FOUND) : [];
    this.#found = ranked
      .filter(({ likeness }) => likeness > LIKE_ENOUGH)
      .map(({ at, likeness }) => ({ window: (watched as Watched).windows[at], text: likeness.toFixed(2) }));
    element(this.#root, '#forget').hidden = !query;
    const news = query
      ? `${this.#found.length} places look like it, by the cosine between vectors. Boxes are hidden meanwhile.`
      : '';
    announce(element(this.#root, '#found-text'), news);
  }
}
