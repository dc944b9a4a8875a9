/** A detector at work: thousands of windows of one feature map, pooled again for every picture, and the digits found in them. */

import type { Box } from '../../detect/box.js';
import { STEP } from '../../detect/network.js';
import type { FeatureMap } from '../net/feature-map.js';
import { drawColours, drawGrey, drawPlane, greatest } from '../ui/canvas.js';
import { element, fillChoices, messageOf, oncePerFrame, showProblem } from '../ui/dom.js';
import { sizeOf } from '../ui/images.js';
import { Loading } from '../ui/loading.js';
import { SerialQueue } from '../ui/serial-queue.js';
import { onThemeChange } from '../ui/theme.js';
import type { View } from '../ui/view.js';
import { BoxesPanel } from './boxes-panel.js';
import { ChosenWindow } from './chosen-window.js';
import { CompareControl } from './compare-control.js';
import { LearnControl } from './learn-control.js';
import { Likeness } from './likeness.js';
import { listenToSources, type OwnPicture } from './own-picture.js';
import { drawEvery, drawWindows } from './picture.js';
import { listenToPicture } from './picture-input.js';
import { RcnnControl } from './rcnn-control.js';
import { Scene } from './scene.js';
import { describeScales, inMs, median, medianTimes, showTimes, totalOf } from './times-table.js';
import html from './view.html?raw';
import { type Watched, Watcher } from './watch.js';
import { windowAt } from './window-at.js';
import './windows.css';

export const title = 'Windows';

const TIMES_KEPT = 15;

export async function mount(root: HTMLElement): Promise<View> {
  root.innerHTML = html;
  const view = new WindowsView(root);
  void view.start();
  return view;
}

class WindowsView implements View {
  readonly #root: HTMLElement;
  readonly #chosenWindow: ChosenWindow;
  readonly #picture: HTMLElement;
  readonly #scene = new Scene();
  readonly #rcnn: RcnnControl;
  readonly #compare: CompareControl;
  readonly #boxes: BoxesPanel;
  readonly #learn: LearnControl;
  readonly #likeness: Likeness;
  #watcher: Watcher | undefined;
  #watched: Watched | undefined;
  /** An image that the visitor opened, in place of the scene. */
  #opened: OwnPicture | undefined;
  #shown: 'image' | 'ink' | 'map' = 'image';
  #point: readonly [x: number, y: number] | undefined;
  #isVisible = true;
  #playing = false;
  /** Pictures are watched one after another, and none while the watcher changes. */
  readonly #queue = new SerialQueue();
  /** Counts settings, so that those that were overtaken are dropped. */
  #round = 0;
  /** What the latest pictures took. */
  #latest: Pick<Watched, 'times' | 'regionsMs'>[] = [];

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#picture = element(root, '.picture');
    this.#rcnn = new RcnnControl(root, () => this.#draw());
    this.#boxes = new BoxesPanel(root, () => this.#draw());
    this.#learn = new LearnControl(root, () => this.#watch());
    this.#likeness = new Likeness(root);
    this.#compare = new CompareControl(root);
    this.#chosenWindow = new ChosenWindow(root);
    this.#listen();
  }

  async start(): Promise<void> {
    await this.#attempt(() => this.#renew());
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
    this.#learn.stop();
    this.#compare.stop();
  }

  #listen(): void {
    const on = (selector: string, event: string, work: () => Promise<void> | void) =>
      element(this.#root, selector).addEventListener(event, () => void this.#attempt(work));
    on('#play', 'click', () => (this.#playing ? this.#pause() : this.#play()));
    on('#next', 'click', () => this.#next());
    on('#count', 'change', () => this.#renew());
    on('#levels', 'change', () => this.#renew());
    on('#scales', 'change', () => this.#renew());
    on('#all', 'change', () => this.#draw());
    on('#compare', 'click', () => this.#compareBoth());
    on('#rcnn', 'click', () => this.#runAsRcnn());
    on('#learn', 'click', () => this.#watcher && this.#learn.toggle(this.#watcher.detector));
    on('#unlearn', 'click', () => this.#watcher && this.#learn.forget(this.#watcher.detector));
    on('#forget', 'click', () => {
      this.#lookFor(undefined);
      // The button is gone.
      this.#picture.focus({ preventScroll: true });
    });
    listenToSources(
      this.#root,
      () => this.#stop(),
      (picture) => void this.#attempt(async () => this.#show(await picture)),
    );
    const shown = [
      { value: 'image', label: 'Image' },
      { value: 'ink', label: 'Its ink' },
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

  get #search() {
    const chosen = (selector: string) => element<HTMLSelectElement>(this.#root, selector).value;
    return { count: Number(chosen('#count')), atFiveScales: chosen('#scales') === 'five' };
  }

  get #scale(): number {
    return (this.#picture.clientWidth - 2) / (this.#watched?.image.width ?? 1);
  }

  /** The number of the window under the pointer: in a box the one that led to it, and else the nearest. */
  get #chosen(): number | undefined {
    if (!this.#watched || !this.#point) return undefined;
    return this.#boxes.pointedAt?.windows[0] ?? windowAt(this.#watched.windows, ...this.#point);
  }

  /** Other settings: another pool, and times from the beginning. */
  async #renew(): Promise<void> {
    const round = ++this.#round;
    this.#rcnn.forget();
    this.#compare.forget();
    const watcher = await this.#load();
    if (!watcher) return;
    if (round !== this.#round) return watcher.dispose();
    await this.#queue.run(() => this.#setWatcher(watcher));
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
    this.#likeness.lookFor(undefined, undefined);
    this.#latest = [];
  }

  /** Shows the windows at work before anybody has pointed anywhere: at the digit that is surest. */
  #pointAtSomething(): void {
    const { box } = this.#boxes.shown[0] ?? { box: this.#watched?.windows[0] };
    if (box) this.#moveTo((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2);
  }

  async #watch({ keepTimes } = { keepTimes: true }): Promise<void> {
    await this.#queue.run(async () => {
      this.#watched = await this.#watcher?.watch(this.#opened ?? this.#scene.draw(), this.#search);
      if (!keepTimes || !this.#watched) return;
      const { times, regionsMs } = this.#watched;
      this.#latest = [{ times, regionsMs }, ...this.#latest].slice(0, TIMES_KEPT);
    });
    this.#boxes.set(this.#watched?.found ?? [], !this.#playing);
    this.#likeness.search(this.#watched);
    this.#draw();
  }

  async #play(): Promise<void> {
    this.#setOpened(undefined);
    this.#rcnn.forget();
    this.#setPlaying(true);
    while (this.#playing) {
      this.#scene.advance();
      await this.#watch();
      await new Promise(requestAnimationFrame);
    }
  }

  async #pause(): Promise<void> {
    this.#stop();
    this.#boxes.refresh(true);
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
    for (const text of ['#window-text', '#box-text']) {
      element(this.#root, text).ariaLive = byKeyboard && !this.#playing ? 'polite' : 'off';
    }
    for (const text of ['#found-text', '#boxes-text']) {
      element(this.#root, text).ariaLive = this.#playing ? 'off' : 'polite';
    }
  }

  async #next(): Promise<void> {
    this.#stop();
    this.#rcnn.forget();
    this.#setOpened(undefined);
    for (let i = 0; i < 20; i++) this.#scene.advance();
    await this.#watch();
  }

  #setOpened(image: OwnPicture | undefined): void {
    // Times are those of pictures of one size.
    if (image || this.#opened) this.#latest = [];
    this.#opened = image;
  }

  /** Nothing: the visitor went away from the question for it. */
  async #show(image: OwnPicture | undefined): Promise<void> {
    this.#stop();
    if (!image) return;
    this.#setOpened(image);
    this.#rcnn.forget();
    this.#likeness.lookFor(undefined, undefined);
    await this.#watch();
    this.#pointAtSomething();
    await this.#compareBoth();
  }

  #moveTo(x: number, y: number): void {
    const { width, height } = this.#watched?.image ?? { width: 1, height: 1 };
    this.#point = [Math.max(0, Math.min(width - 1, x)), Math.max(0, Math.min(height - 1, y))];
    this.#boxes.pointAt(...this.#point);
    this.#drawPoint();
  }

  #lookFor(at: number | undefined): void {
    this.#likeness.lookFor(this.#watched, at);
    this.#drawPoint();
  }

  async #compareBoth(): Promise<void> {
    if (this.#isVisible && this.#watcher && this.#watched)
      await this.#compare.run(this.#watcher, this.#watched);
  }

  async #runAsRcnn(): Promise<void> {
    const [watcher, watched] = [this.#watcher, this.#watched];
    if (!watcher || !watched) return;
    this.#stop();
    const fastMs = totalOf(medianTimes(this.#latest.map(({ times }) => times)));
    await this.#rcnn.toggle(watcher.detector, watched.image, watched.windows.length, fastMs);
  }

  readonly #draw = oncePerFrame(() => {
    const watched = this.#watched;
    if (!watched || this.#picture.clientWidth === 0) return;
    this.#drawCells(watched);
    this.#drawEvery(watched);
    this.#showPoint(watched);
    this.#rcnn.draw(watched.image, this.#boxes.least);
    if (this.#latest.length === 0) return;
    element(this.#root, '#scales-text').textContent = describeScales(watched.scales);
    showTimes(this.#root, 'fast', medianTimes(this.#latest.map(({ times }) => times)));
    const regions = median(this.#latest.map(({ regionsMs }) => regionsMs));
    element(this.#root, '#time-regions').textContent = inMs(regions);
  });

  readonly #drawPoint = oncePerFrame(() => {
    if (this.#watched && this.#picture.clientWidth > 0) this.#showPoint(this.#watched);
  });

  /** All that changes as the visitor points elsewhere. */
  #showPoint(watched: Watched): void {
    this.#drawOverlay(watched);
    element(this.#root, '#box-text').textContent =
      this.#boxes.describe() || 'Point at a box to see the windows that led to it.';
    if (this.#chosen !== undefined && this.#watcher)
      this.#chosenWindow.show(watched, this.#watcher, this.#chosen);
  }

  #drawCells({ image, map }: Watched): void {
    element(this.#root, '#picture-size').textContent = sizeOf(image);
    const canvas = element<HTMLCanvasElement>(this.#root, '.picture-cells');
    const colours = this.#shown === 'image' ? image.colours : undefined;
    canvas.classList.toggle('photograph', colours !== undefined);
    if (colours) drawColours(canvas, image, colours);
    else if (this.#shown === 'map') this.#drawMap(canvas, map);
    else drawGrey(canvas, image);
  }

  #drawMap(canvas: HTMLCanvasElement, map: FeatureMap): void {
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
    const { shown, pointedAt } = this.#boxes;
    drawWindows(
      element(this.#root, '.picture-chosen'),
      {
        ...image,
        // While it is looked for, boxes would hide what looks like it.
        boxes: this.#likeness.isOn ? [] : shown,
        pointedAt,
        led: pointedAt?.windows.map((at): Box => windows[at]) ?? [],
        chosen,
        bins: chosen && this.#watcher?.boundsOf(watched, chosen)[0],
        step: STEP,
        alike: this.#likeness.found,
      },
      this.#scale,
    );
  }
}
