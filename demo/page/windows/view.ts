/** Thousands of windows of one feature map, pooled again for every picture. */

import { drawGrey, drawPlane, greatest } from '../ui/canvas.js';
import { element, fillChoices, messageOf, oncePerFrame, sayNews, showProblem } from '../ui/dom.js';
import { acceptDrops, acceptPastes } from '../ui/files.js';
import { type Picture, readImage, sizeOf } from '../ui/images.js';
import { Loading } from '../ui/loading.js';
import { onThemeChange } from '../ui/theme.js';
import { Turns } from '../ui/turns.js';
import { VectorLayout } from '../ui/vector-layout.js';
import { VectorPicture } from '../ui/vector-picture.js';
import type { View } from '../ui/view.js';
import { CompareControl } from './compare-control.js';
import { drawEvery, drawWindows } from './picture.js';
import { listenToPicture } from './picture-input.js';
import { windowAt } from './proposals.js';
import { RcnnControl } from './rcnn-control.js';
import { Scene } from './scene.js';
import { findAlike, type Match } from './search.js';
import html from './view.html?raw';
import { inMs, median, STEP, type Watched, Watcher } from './watch.js';
import './windows.css';

export const title = 'Windows';

const MOST_FOUND = 8;
const LIKE_ENOUGH = 0.84;
const TIMES_KEPT = 15;

export async function mount(root: HTMLElement): Promise<View> {
  root.innerHTML = html;
  const view = new WindowsView(root);
  void view.start();
  return view;
}

class WindowsView implements View {
  readonly #root: HTMLElement;
  readonly #vector: VectorPicture;
  readonly #picture: HTMLElement;
  readonly #scene = new Scene();
  readonly #rcnn: RcnnControl;
  readonly #compare: CompareControl;
  #watcher: Watcher | undefined;
  #watched: Watched | undefined;
  /** An image that the visitor opened, in place of the scene. */
  #opened: Picture | undefined;
  #shown: 'image' | 'map' = 'image';
  #point: readonly [x: number, y: number] | undefined;
  #query: Float32Array | undefined;
  /** The windows that are most like the query, in the picture of now. */
  #matches: readonly Match[] = [];
  #isVisible = true;
  #playing = false;
  /** Pictures are watched one after another, and none while the watcher changes. */
  readonly #turns = new Turns();
  /** Counts settings, so that those that were overtaken are dropped. */
  #round = 0;
  #times: { network: number[]; regions: number[] } = { network: [], regions: [] };

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#picture = element(root, '.picture');
    this.#rcnn = new RcnnControl(root);
    this.#compare = new CompareControl(root);
    this.#vector = new VectorPicture(element(root, '#vector'), () => {});
    this.#listen();
  }

  async start(): Promise<void> {
    await this.#attempt(async () => {
      await this.#renew();
    });
  }

  shown(): void {
    this.#isVisible = true;
    this.#draw();
    if (!this.#compare.isDone) void this.#attempt(() => this.#compareBoth());
  }

  /** Nothing goes on out of sight: another view may be measuring. */
  hidden(): void {
    this.#isVisible = false;
    this.#stop();
    this.#rcnn.stop();
    this.#compare.stop();
  }

  #listen(): void {
    const on = (selector: string, event: string, work: () => Promise<void> | void) =>
      element(this.#root, selector).addEventListener(event, () => void this.#attempt(work));
    on('#play', 'click', () => (this.#playing ? this.#pause() : this.#play()));
    on('#next', 'click', () => this.#next());
    on('#count', 'change', () => this.#renew());
    on('#levels', 'change', () => this.#renew());
    on('#all', 'change', () => this.#draw());
    on('#compare', 'click', () => this.#compareBoth());
    on('#rcnn', 'click', () => this.#runAsRcnn());
    on('#forget', 'click', () => {
      this.#lookFor(undefined);
      // The button is gone.
      this.#picture.focus({ preventScroll: true });
    });
    const open = (file: File | undefined) => void this.#attempt(() => this.#open(file));
    const input = element<HTMLInputElement>(this.#root, '#open');
    input.addEventListener('change', () => {
      open(input.files?.[0]);
      // The same file may be opened again.
      input.value = '';
    });
    acceptDrops(this.#root, open);
    acceptPastes(this.#root, open);
    const shown = [
      { value: 'image', label: 'Image' },
      { value: 'map', label: 'Feature map' },
    ] as const;
    fillChoices(element(this.#root, '#shown'), 'windows-shown', shown, 'image', (value) => {
      this.#shown = value;
      this.#draw();
    });
    this.#listenToPicture();
    for (const event of ['focus', 'blur']) this.#picture.addEventListener(event, () => this.#readAloud());
    onThemeChange(() => this.#draw());
    addEventListener('resize', () => this.#draw());
  }

  #listenToPicture(): void {
    listenToPicture(this.#picture, {
      onPoint: (x, y) => this.#moveTo(x / this.#scale, y / this.#scale),
      onMove: (x, y) => {
        const [fromX, fromY] = this.#point ?? [20, 20];
        this.#moveTo(fromX + x, fromY + y);
      },
      onChoose: () => this.#lookFor(this.#chosen),
    });
  }

  async #attempt(work: () => Promise<void> | void): Promise<void> {
    const problem = element(this.#root, '#problem');
    showProblem(problem, undefined);
    try {
      await work();
    } catch (error) {
      showProblem(problem, messageOf(error));
      this.#stop();
    }
  }

  get #levels(): number[] {
    return element<HTMLSelectElement>(this.#root, '#levels').value.split(',').map(Number);
  }

  get #count(): number {
    return Number(element<HTMLSelectElement>(this.#root, '#count').value);
  }

  get #scale(): number {
    return (this.#picture.clientWidth - 2) / (this.#watched?.image.width ?? 1);
  }

  /** The number of the window under the pointer. */
  get #chosen(): number | undefined {
    return this.#watched && this.#point ? windowAt(this.#watched.windows, ...this.#point) : undefined;
  }

  /** Other settings: another pool, and times from the beginning. */
  async #renew(): Promise<void> {
    const round = ++this.#round;
    this.#rcnn.forget();
    this.#compare.forget();
    const watcher = await this.#load();
    if (!watcher) return;
    if (round !== this.#round) return watcher.dispose();
    await this.#turns.take(() => this.#setWatcher(watcher));
    // The first time threads start and code is compiled; the second is what later pictures take.
    await this.#watch({ keepTimes: false });
    await this.#watch();
    if (round !== this.#round) return;
    this.#pointAtSomething();
    if (!this.#playing) await this.#compareBoth();
  }

  /** Nothing, where what it needs cannot be loaded: then the page says so. */
  async #load(): Promise<Watcher | undefined> {
    const loading = new Loading('Starting …');
    element(this.#root, '#loading').replaceChildren(loading.element);
    try {
      const watcher = await Watcher.create(this.#levels, (...news) => loading.update(...news));
      loading.element.remove();
      return watcher;
    } catch (error) {
      loading.fail(messageOf(error), () => void this.#attempt(() => this.#renew()));
      return undefined;
    }
  }

  #setWatcher(watcher: Watcher): void {
    this.#rcnn.stop();
    this.#compare.stop();
    this.#watcher?.dispose();
    this.#watcher = watcher;
    this.#watched = undefined;
    this.#query = undefined;
    this.#times = { network: [], regions: [] };
  }

  /** Shows the windows at work before anybody has pointed anywhere: around the largest piece of ink. */
  #pointAtSomething(): void {
    const first = this.#watched?.windows[0];
    if (!first) return;
    this.#moveTo((first.x1 + first.x2) / 2, (first.y1 + first.y2) / 2);
    this.#lookFor(0);
  }

  async #watch({ keepTimes } = { keepTimes: true }): Promise<void> {
    await this.#turns.take(async () => {
      this.#watched = await this.#watcher?.watch(this.#opened ?? this.#scene.draw(), this.#count);
      if (keepTimes && this.#watched) this.#keepTimes(this.#watched);
    });
    this.#search();
    this.#draw();
  }

  #keepTimes({ networkMs, regionsMs }: Watched): void {
    this.#times.network = [networkMs, ...this.#times.network].slice(0, TIMES_KEPT);
    this.#times.regions = [regionsMs, ...this.#times.regions].slice(0, TIMES_KEPT);
  }

  async #play(): Promise<void> {
    this.#opened = undefined;
    this.#setPlaying(true);
    while (this.#playing) {
      this.#scene.advance();
      await this.#watch();
      await new Promise(requestAnimationFrame);
    }
  }

  async #pause(): Promise<void> {
    this.#stop();
    if (!this.#compare.isDone) await this.#compareBoth();
  }

  #stop(): void {
    this.#setPlaying(false);
  }

  #setPlaying(playing: boolean): void {
    this.#playing = playing;
    element(this.#root, '#play').textContent = playing ? 'Pause' : 'Play';
    this.#readAloud();
  }

  /** Who goes by keyboard hears which window that is; not while every picture has another one there. */
  #readAloud(): void {
    const byKeyboard = document.activeElement === this.#picture;
    element(this.#root, '#window-text').ariaLive = byKeyboard && !this.#playing ? 'polite' : 'off';
    element(this.#root, '#found-text').ariaLive = this.#playing ? 'off' : 'polite';
  }

  async #next(): Promise<void> {
    this.#stop();
    this.#opened = undefined;
    for (let i = 0; i < 20; i++) this.#scene.advance();
    await this.#watch();
  }

  async #open(file: File | undefined): Promise<void> {
    if (!file) return;
    this.#stop();
    this.#opened = await readImage(file);
    this.#rcnn.forget();
    this.#query = undefined;
    await this.#watch();
    this.#pointAtSomething();
    await this.#compareBoth();
  }

  #moveTo(x: number, y: number): void {
    const { width, height } = this.#watched?.image ?? { width: 1, height: 1 };
    this.#point = [Math.max(0, Math.min(width - 1, x)), Math.max(0, Math.min(height - 1, y))];
    this.#drawPoint();
  }

  #lookFor(at: number | undefined): void {
    const watched = this.#watched;
    this.#query =
      watched && at !== undefined
        ? watched.vectors.slice(at * watched.length, (at + 1) * watched.length)
        : undefined;
    this.#search();
    this.#drawPoint();
  }

  #search(): void {
    const { vectors, windows } = this.#watched ?? {};
    const ranked =
      vectors && windows && this.#query ? findAlike(vectors, windows, this.#query, MOST_FOUND) : [];
    this.#matches = ranked.filter(({ likeness }) => likeness > LIKE_ENOUGH);
    element(this.#root, '#forget').hidden = !this.#query;
    const news = this.#query
      ? `${this.#matches.length} places look like it, by the cosine between vectors.`
      : '';
    sayNews(element(this.#root, '#found-text'), news);
  }

  async #compareBoth(): Promise<void> {
    if (this.#isVisible && this.#watcher && this.#watched)
      await this.#compare.run(this.#watcher, this.#watched);
  }

  async #runAsRcnn(): Promise<void> {
    const [watcher, watched] = [this.#watcher, this.#watched];
    if (!watcher || !watched) return;
    this.#stop();
    await this.#rcnn.toggle(watcher, watched, median(this.#times.network) + median(this.#times.regions));
  }

  readonly #draw = oncePerFrame(() => {
    const watched = this.#watched;
    if (!watched || this.#picture.clientWidth === 0) return;
    this.#drawCells(watched);
    this.#drawEvery(watched);
    this.#showPoint(watched);
    const { network, regions } = this.#times;
    if (network.length === 0) return;
    element(this.#root, '#time-network').textContent = inMs(median(network));
    element(this.#root, '#time-regions').textContent = inMs(median(regions));
  });

  readonly #drawPoint = oncePerFrame(() => {
    if (this.#watched && this.#picture.clientWidth > 0) this.#showPoint(this.#watched);
  });

  /** All that changes as the visitor points elsewhere. */
  #showPoint(watched: Watched): void {
    this.#drawOverlay(watched);
    this.#showChosen(watched);
  }

  #drawCells({ image, map }: Watched): void {
    element(this.#root, '#picture-size').textContent = sizeOf(image);
    const canvas = element<HTMLCanvasElement>(this.#root, '.picture-cells');
    if (this.#shown === 'image') {
      drawGrey(canvas, image);
      return;
    }
    const [, channels, height, width] = map.dims;
    const values = new Float32Array(height * width);
    for (let i = 0; i < map.data.length; i++) values[i % values.length] += map.data[i] / channels;
    drawPlane(canvas, { values, height, width }, greatest(values));
  }

  #drawEvery({ image, windows }: Watched): void {
    const canvas = element<HTMLCanvasElement>(this.#root, '.picture-every');
    canvas.hidden = !element<HTMLInputElement>(this.#root, '#all').checked;
    if (!canvas.hidden) drawEvery(canvas, image, windows, this.#scale);
  }

  #drawOverlay(watched: Watched): void {
    const { image, windows } = watched;
    const chosen = this.#chosen === undefined ? undefined : windows[this.#chosen];
    const found = this.#matches.map(({ at, likeness }) => ({
      window: windows[at],
      text: likeness.toFixed(2),
    }));
    const bounds = chosen && this.#watcher?.boundsOf(watched, chosen);
    drawWindows(
      element(this.#root, '.picture-chosen'),
      {
        height: image.height,
        width: image.width,
        chosen,
        bins: bounds?.[0],
        step: STEP,
        found,
      },
      this.#scale,
    );
  }

  #showChosen(watched: Watched): void {
    const at = this.#chosen;
    if (at === undefined || !this.#watcher) return;
    const { windows, vectors, length, map, most } = watched;
    const window = windows[at];
    const levels = this.#watcher.boundsOf(watched, window);
    const layout = new VectorLayout(levels, map.dims[1]);
    const vector = vectors.subarray(at * length, (at + 1) * length);
    this.#vector.draw(layout, vector, most, undefined);
    const [w, h] = [window.x2 - window.x1 + 1, window.y2 - window.y1 + 1];
    element(this.#root, '#window-text').textContent =
      `Window ${at + 1} of ${windows.length.toLocaleString('en-US')}: ${w} × ${h} pixels at ${window.x1}, ${window.y1}. ` +
      `Drawn in it: its ${levels[0].rows.length} × ${levels[0].columns.length} bins. Click, or press Enter, to find what looks like it.`;
    element(this.#root, '#vector-text').textContent = `${length} values, as every window has.`;
  }
}
