/** Two images of any size, their feature maps, the pyramid over them, and their vectors of one length. */
import { type Bins, createPyramidPool, type PyramidPool } from 'pyramid-pool';
import { type Backbone, loadBackbone } from '../net/backbone.js';
import type { FeatureMap } from '../net/feature-map.js';
import { greatest } from '../ui/canvas.js';
import { levelColour } from '../ui/colours.js';
import { announce, element, fillChoices, messageOf, oncePerFrame, showProblem } from '../ui/dom.js';
import { acceptPastes } from '../ui/files.js';
import type { Picture } from '../ui/images.js';
import { Loading } from '../ui/loading.js';
import { sharedRuntime } from '../ui/runtime.js';
import { makeSamples } from '../ui/samples.js';
import { SerialQueue } from '../ui/serial-queue.js';
import { onThemeChange } from '../ui/theme.js';
import type { ValuePosition } from '../ui/vector-layout.js';
import type { View } from '../ui/view.js';
import { distanceBetween } from './distance.js';
import { GradientControl } from './gradient-control.js';
import { checkShowable, parseLevels } from './levels-field.js';
import { NetworkCard } from './network-card.js';
import './pool.css';
import { VectorPicture } from '../ui/vector-picture.js';
import { ImageCard } from './image-card.js';
import { type Pooled, poolMap } from './pooled.js';
import html from './view.html?raw';

export const title = 'Pool';

/** The feature map that shows best what the network looks for. */
const FIRST_CHANNEL = 3;

interface Answer {
  readonly pooled?: Pooled;
  /** Why there is none. */
  readonly problem?: string;
}

interface Side {
  readonly card: ImageCard;
  readonly picture: VectorPicture;
  image: Picture;
}

export async function mount(root: HTMLElement): Promise<View> {
  root.innerHTML = html;
  const view = new PoolView(root);
  await view.start();
  return view;
}

class PoolView implements View {
  readonly #root: HTMLElement;
  readonly #sides: readonly [Side, Side];
  readonly #difference: VectorPicture;
  readonly #gradient: GradientControl;
  readonly #levels: HTMLInputElement;
  readonly #rule: HTMLSelectElement;
  readonly #network: NetworkCard;
  #place: ValuePosition = { level: 0, channel: 0, bin: 5 };
  #pool: PyramidPool | undefined;
  /** Earlier pools, whose answers are still on the page. */
  readonly #retired: PyramidPool[] = [];
  /** Everything that uses the pool or its results runs here, so that none of them is replaced while it is in use. */
  readonly #queue = new SerialQueue();
  #backbone: Backbone | undefined;
  #visible = true;
  /** Numbers of the latest requests: answers to earlier ones are dropped. */
  #choices = 0;
  #poolings = 0;

  constructor(root: HTMLElement) {
    this.#root = root;
    const samples = makeSamples();
    const choose = (place: Partial<ValuePosition>) => this.#choose(place);
    const side = (letter: 'a' | 'b', sample: number): Side => ({
      card: new ImageCard(element(root, `#image-${letter}`), `Image ${letter.toUpperCase()}`, samples, {
        onImage: (image) => void this.#setImage(letter === 'a' ? 0 : 1, image),
        onChoose: choose,
        onSendBack: () => this.#gradient.send('one'),
      }),
      picture: new VectorPicture(element(root, `#vector-${letter}`), choose),
      image: samples[sample].plane,
    });
    this.#sides = [side('a', 0), side('b', 1)];
    this.#difference = new VectorPicture(element(root, '#vector-difference'), choose);
    const source = () => ({ pooled: this.#pooled, place: this.#place });
    this.#gradient = new GradientControl(root, source, this.#queue, () => this.#drawPlace());
    this.#levels = element(root, '#levels');
    this.#rule = element(root, '#rule');
    this.#network = new NetworkCard(element(root, '#network'), () => void this.#poolAll());
    this.#listen();
  }

  async start(): Promise<void> {
    for (const { card, image } of this.#sides) card.showImage(image);
    await this.#changePyramid();
    void this.#startBackbone();
  }

  shown(): void {
    this.#visible = true;
    this.#drawAll();
  }

  hidden(): void {
    this.#visible = false;
  }

  #listen(): void {
    this.#levels.addEventListener('input', () => void this.#changePyramid());
    this.#rule.addEventListener('change', () => void this.#changePyramid());
    for (const preset of this.#root.querySelectorAll<HTMLButtonElement>('[data-levels]')) {
      preset.addEventListener('click', () => {
        this.#levels.value = preset.dataset.levels ?? '';
        void this.#changePyramid();
      });
    }
    const redraw = oncePerFrame(() => this.#drawAll());
    onThemeChange(redraw);
    addEventListener('resize', redraw);
    acceptPastes(this.#root, (file) => {
      const focused = this.#sides.find(({ card }) => card.root.contains(document.activeElement));
      void (focused ?? this.#sides[0]).card.open(file);
    });
  }

  async #startBackbone(): Promise<void> {
    const loading = new Loading('Until the network is there, the image itself is the map.');
    element(this.#root, '#loading').replaceChildren(loading.element);
    try {
      this.#backbone = await loadBackbone((what, progress) =>
        loading.update(`${what} (until then, the image itself is the map)`, progress),
      );
      loading.element.remove();
      this.#place = { ...this.#place, channel: FIRST_CHANNEL };
      await this.#poolAll();
    } catch (error) {
      loading.fail(
        `The network could not be started, so the image itself stays the map: ${messageOf(error)}`,
        () => void this.#startBackbone(),
      );
    }
  }

  get #pooled(): readonly (Pooled | undefined)[] {
    return this.#sides.map(({ card }) => card.pooled);
  }

  async #setImage(which: 0 | 1, image: Picture): Promise<void> {
    const side = this.#sides[which];
    side.image = image;
    side.card.showImage(image);
    await this.#poolAll();
  }

  async #changePyramid(): Promise<void> {
    const round = ++this.#choices;
    try {
      const levels = parseLevels(this.#levels.value);
      checkShowable(levels);
      const pool = await createPyramidPool({
        levels,
        bins: this.#rule.value as Bins,
        runtime: await sharedRuntime(),
      });
      if (round !== this.#choices) return pool.dispose();
      if (this.#pool) this.#retired.push(this.#pool);
      this.#pool = pool;
      this.#showPyramidProblem(undefined);
      await this.#poolAll();
    } catch (error) {
      if (round === this.#choices) this.#showPyramidProblem(messageOf(error));
    }
  }

  #showPyramidProblem(problem: string | undefined): void {
    showProblem(element(this.#root, '#pyramid-problem'), problem);
    this.#levels.setAttribute('aria-invalid', String(problem !== undefined));
  }

  /** Pools both images, unless there is something newer to pool by then. */
  async #poolAll(): Promise<void> {
    const round = ++this.#poolings;
    await this.#queue.run(async () => {
      const pool = this.#pool;
      if (!pool || round !== this.#poolings) return;
      const answers: Answer[] = [];
      for (const { image } of this.#sides) answers.push(await this.#answerFor(pool, image));
      if (round !== this.#poolings) return;
      this.#show(answers);
      for (const old of this.#retired.splice(0)) old.dispose();
      await this.#gradient.sendNow();
    });
  }

  async #answerFor(pool: PyramidPool, image: Picture): Promise<Answer> {
    try {
      return { pooled: await poolMap(pool, await this.#mapOf(image)) };
    } catch (error) {
      return { problem: messageOf(error) };
    }
  }

  #show(answers: readonly Answer[]): void {
    const first = answers.find(({ pooled }) => pooled)?.pooled;
    if (first) {
      this.#place = first.layout.clamp(this.#place);
      this.#showLevels(first);
    }
    this.#sides.forEach(({ card }, i) => {
      const { pooled, problem } = answers[i];
      card.showPoolProblem(problem);
      card.root.classList.toggle('without-answer', !pooled);
      if (pooled) card.showPooled(pooled, this.#whatMapsAre(pooled), this.#place);
      else card.forget();
    });
    this.#drawPlace();
  }

  #whatMapsAre({ layout: { channels } }: Pooled): string {
    return this.#network.chosen || this.#backbone
      ? `${channels} feature maps; one is shown below`
      : 'The image itself, until the network is there';
  }

  /** Without the network, a map of one channel: the pixels. */
  async #mapOf(image: Picture): Promise<FeatureMap> {
    const chosen = this.#network.chosen;
    if (chosen) return chosen.features(image);
    if (this.#backbone) return this.#backbone.features(image);
    return { data: image.values, dims: [1, 1, image.height, image.width] };
  }

  #showLevels({ levels }: Pooled): void {
    const options = levels.map(({ rows, columns }, level) => ({
      value: level,
      label: `${rows.length} × ${columns.length}`,
      colour: `var(--${levelColour(level)})`,
    }));
    const choose = (level: number) => this.#choose({ level, bin: 0 });
    fillChoices(element(this.#root, '#shown-level'), 'shown-level', options, this.#place.level, choose);
  }

  #choose(change: Partial<ValuePosition>): void {
    const layout = this.#pooled.find((each) => each !== undefined)?.layout;
    if (!layout) return;
    const next = layout.clamp({ ...this.#place, ...change });
    const { level, channel, bin } = this.#place;
    if (next.level === level && next.channel === channel && next.bin === bin) return;
    if (next.level !== level) {
      const inputs = this.#root.querySelectorAll<HTMLInputElement>('#shown-level input');
      if (inputs[next.level]) inputs[next.level].checked = true;
    }
    this.#place = next;
    void this.#gradient.sendAnew();
    this.#drawPlace();
  }

  readonly #drawPlace = oncePerFrame(() => {
    this.#sides.forEach(({ card }, i) => {
      card.showPlace(this.#place, this.#gradient.landed(i));
    });
    this.#drawVectors();
  });

  #drawAll(): void {
    if (!this.#visible) return;
    for (const { card } of this.#sides) card.refresh(this.#place);
    this.#drawPlace();
  }

  #drawVectors(): void {
    const [a, b] = this.#pooled;
    const most = Math.max(a ? greatest(a.vector) : 0, b ? greatest(b.vector) : 0);
    this.#sides.forEach(({ card, picture }) => {
      if (card.pooled) picture.draw(card.pooled.layout, card.pooled.vector, most, this.#place);
      else picture.clear();
    });
    const distance = element(this.#root, '#distance');
    if (!a || !b) {
      this.#difference.clear();
      announce(distance, 'There is no distance without two vectors.');
      return;
    }
    const difference = a.vector.map((value, i) => Math.abs(value - b.vector[i]));
    this.#difference.draw(a.layout, difference, most, this.#place);
    const { euclidean, cosine } = distanceBetween(a.vector, b.vector);
    announce(
      distance,
      `${a.vector.length} values each. Distance ${euclidean.toFixed(2)}; cosine similarity ${cosine.toFixed(3)}.`,
    );
  }
}
