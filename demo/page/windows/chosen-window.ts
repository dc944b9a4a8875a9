import { heightOf, widthOf } from '../../detect/box.js';
import { element } from '../ui/dom.js';
import { VectorLayout } from '../ui/vector-layout.js';
import { VectorPicture } from '../ui/vector-picture.js';
import type { Watched, Watcher } from './watch.js';

/** What is said of the window that is pointed at, and its vector. */
export class ChosenWindow {
  readonly #root: HTMLElement;
  readonly #vector: VectorPicture;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#vector = new VectorPicture(element(root, '#vector'), () => {});
  }

  /** `at`: the number of the window. */
  show(watched: Watched, watcher: Watcher, at: number): void {
    const { windows, vectors, length, map, most } = watched;
    const window = windows[at];
    const levels = watcher.boundsOf(watched, window);
    const vector = vectors.subarray(at * length, (at + 1) * length);
    this.#vector.draw(new VectorLayout(levels, map.dims[1]), vector, most, undefined);
    // Those proposed at another scale do not begin and end with whole pixels.
    const [w, h, x, y] = [widthOf(window), heightOf(window), window.x1, window.y1].map(Math.round);
    element(this.#root, '#window-text').textContent =
      `Window ${at + 1} of ${windows.length.toLocaleString('en-US')}: ${w} × ${h} pixels at ${x}, ${y}. ` +
      `Drawn in it: its ${levels[0].rows.length} × ${levels[0].columns.length} bins. Click, or press Enter, to find what looks like it.`;
    element(this.#root, '#vector-text').textContent = `${length} values, as every window has.`;
  }
}
