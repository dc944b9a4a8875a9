/** The card where the visitor brings a network of their own: its file, the value to pool, and how pixels become numbers. */

import type { FeatureMap } from '../net/feature-map.js';
import { imageNet, type Preparation, plainPixels } from '../net/pixels.js';
import { VisitorBackbone } from '../net/visitor-backbone.js';
import type { MapValue, OpenedNetwork } from '../net/visitor-network.js';
import { element, make, messageOf, showProblem } from '../ui/dom.js';
import { acceptDrops } from '../ui/files.js';
import type { Picture } from '../ui/images.js';
import { Loading } from '../ui/loading.js';
import html from './network-card.html?raw';

const OWN = "The page's own network: two convolutions, trained on digits";

/** A network that is in use, with the visitor's choices. */
export interface ChosenNetwork {
  features(picture: Picture): Promise<FeatureMap>;
}

export class NetworkCard {
  readonly #root: HTMLElement;
  readonly #settings: HTMLFormElement;
  readonly #onChange: () => void;
  #backbone: VisitorBackbone | undefined;
  #preparation: Preparation = plainPixels;
  /** Number of the latest file: answers for earlier ones are dropped. */
  #openings = 0;

  constructor(root: HTMLElement, onChange: () => void) {
    this.#root = root;
    this.#onChange = onChange;
    root.innerHTML = html;
    this.#settings = element(root, '.network-settings');
    element(root, '.network-name').textContent = OWN;
    this.#listen();
  }

  /** The visitor's network, or undefined where the page's own is used. */
  get chosen(): ChosenNetwork | undefined {
    const backbone = this.#backbone;
    if (!backbone) return undefined;
    const value = this.#field('value').value;
    const preparation = this.#preparation;
    return { features: (picture) => backbone.features(picture, value, preparation) };
  }

  async open(file: File): Promise<void> {
    const opening = ++this.#openings;
    this.#say(undefined);
    const loading = new Loading(`Opening ${file.name}`);
    element(this.#root, '.network-loading').replaceChildren(loading.element);
    try {
      const backbone = await VisitorBackbone.open(file, (what, progress) => loading.update(what, progress));
      if (opening !== this.#openings) return backbone.close();
      this.#backbone?.close();
      this.#backbone = backbone;
      this.#show(file.name, backbone.opened);
      this.#onChange();
    } catch (error) {
      if (opening === this.#openings) this.#say(`${file.name} cannot be used: ${messageOf(error)}`);
    } finally {
      loading.element.remove();
    }
  }

  #listen(): void {
    const input = element<HTMLInputElement>(this.#root, 'input[type=file]');
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      if (file) void this.open(file);
      input.value = '';
    });
    acceptDrops(this.#root, (file) => void this.open(file));
    element(this.#root, '[data-do=back]').addEventListener('click', () => this.#goBack());
    element(this.#root, '[data-do=imagenet]').addEventListener('click', () => {
      this.#fill({ ...imageNet, layout: this.#preparation.layout });
      this.#change();
    });
    this.#settings.addEventListener('change', () => this.#change());
    this.#settings.addEventListener('submit', (event) => event.preventDefault());
  }

  #goBack(): void {
    this.#openings++;
    this.#backbone?.close();
    this.#backbone = undefined;
    element(this.#root, '.network-name').textContent = OWN;
    element(this.#root, '[data-do=back]').hidden = true;
    this.#settings.hidden = true;
    this.#say(undefined);
    this.#onChange();
  }

  #show(name: string, { input, values, pooled, probe }: OpenedNetwork): void {
    element(this.#root, '.network-name').textContent = `Your network: ${name}`;
    element(this.#root, '[data-do=back]').hidden = false;
    this.#settings.hidden = false;
    const options = values.map((value) => make('option', { value: value.name }, describe(value)));
    this.#field('value').replaceChildren(...options);
    const isPooled = values.find((value) => value.name === pooled);
    this.#field('value').value = (isPooled ?? lastMap(values)).name;
    const size =
      input.height && input.width ? `images of ${input.height} × ${input.width}` : 'images of any size';
    element(this.#root, '.network-note').textContent =
      `It takes ${size} with ${input.channels} ${input.channels === 1 ? 'channel' : 'channels'}. ` +
      `Sizes of values are those for an image of ${probe.join(' × ')}.`;
    this.#fill({ ...plainPixels, layout: input.layout });
    this.#preparation = { ...plainPixels, layout: input.layout };
  }

  #fill({ white, mean, deviation, order, layout }: Preparation): void {
    const texts = {
      white: `${white}`,
      mean: mean.join(', '),
      deviation: deviation.join(', '),
      order,
      layout,
    };
    for (const [name, text] of Object.entries(texts)) this.#field(name).value = text;
  }

  #change(): void {
    try {
      this.#preparation = {
        white: Number(this.#field('white').value),
        mean: threeNumbers(this.#field('mean').value, 'Mean'),
        deviation: threeNumbers(this.#field('deviation').value, 'Deviation'),
        order: this.#field('order').value as Preparation['order'],
        layout: this.#field('layout').value as Preparation['layout'],
      };
      if (this.#preparation.deviation.includes(0)) throw new Error('Deviation: nothing can be divided by 0.');
      this.#say(undefined);
      this.#onChange();
    } catch (error) {
      this.#say(messageOf(error));
    }
  }

  #say(problem: string | undefined): void {
    showProblem(element(this.#root, '.network-problem'), problem);
  }

  #field(name: string): HTMLInputElement {
    return element(this.#settings, `[name=${name}]`);
  }
}

const describe = ({ name, channels, height, width }: MapValue) =>
  `${name}: ${channels} × ${height} × ${width}`;

/** What pyramids are usually put on: the last value that is still a map of several cells. */
function lastMap(values: readonly MapValue[]): MapValue {
  return values.findLast(({ height, width }) => height * width > 1) ?? values[values.length - 1];
}

function threeNumbers(text: string, what: string): [number, number, number] {
  const numbers = text
    .split(/[,;\s]+/)
    .filter((word) => word !== '')
    .map(Number);
  const all = numbers.length === 1 ? [numbers[0], numbers[0], numbers[0]] : numbers;
  if (all.length !== 3 || !all.every(Number.isFinite)) {
    throw new Error(`${what}: “${text}” is not one number for all colours, or three.`);
  }
  return all as [number, number, number];
}
