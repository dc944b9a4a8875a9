import { askForPhotograph } from '../ui/camera-dialog.js';
import { drawGrey, drawPlane, greatest } from '../ui/canvas.js';
import { levelColour } from '../ui/colours.js';
import { element, make, messageOf, replaceChoices, showProblem } from '../ui/dom.js';
import { askForDrawing } from '../ui/drawing-dialog.js';
import { acceptDrops } from '../ui/files.js';
import { decodeImage, type Picture, pictureOf, sizeOf } from '../ui/images.js';
import type { Sample } from '../ui/samples.js';
import type { ValuePosition } from '../ui/vector-layout.js';
import html from './image-card.html?raw';
import { channelOf, type Pooled } from './pooled.js';
import { binAt, type CellSize, drawPyramid, type GradientCell } from './pyramid-picture.js';

/** Bounds of the size of a map on the screen, in CSS pixels. */
const TALLEST = 440;
const THINNEST = 36;
const LARGEST_CELL = 40;
/** Thumbnails of large maps need not be large themselves. */
const MOST_CHANNELS = 16;

export interface ImageCardEvents {
  onImage(image: Picture): void;
  onChoose(place: Partial<ValuePosition>): void;
  /** The visitor asks for the gradient of the chosen value. */
  onSendBack(): void;
}

/** One image with its feature maps, and the pyramid over one of them. */
export class ImageCard {
  readonly root: HTMLElement;
  readonly #name: string;
  readonly #events: ImageCardEvents;
  readonly #map: HTMLElement;
  /** Shows why a file, drawing or photograph could not be used. It stays until the next image. */
  readonly #sourceProblem: HTMLElement;
  #pooled: Pooled | undefined;
  #place: ValuePosition = { level: 0, channel: 0, bin: 0 };
  #cell: CellSize = { width: 1, height: 1 };

  constructor(root: HTMLElement, name: string, samples: readonly Sample[], events: ImageCardEvents) {
    this.root = root;
    this.#name = name;
    this.#events = events;
    root.innerHTML = html;
    element(root, 'h2').textContent = name;
    root.ariaLabel = name;
    this.#map = element(root, '.map');
    this.#sourceProblem = element(root, '.source-problem');
    this.#listenToSources();
    this.#fillSamples(samples);
    this.#listenToMap();
  }

  async open(file: Blob): Promise<void> {
    await this.#take(async () => pictureOf(await decodeImage(file)));
  }

  get pooled(): Pooled | undefined {
    return this.#pooled;
  }

  showImage(image: Picture): void {
    showProblem(this.#sourceProblem, undefined);
    const canvas = element<HTMLCanvasElement>(this.root, '.image-canvas');
    drawGrey(canvas, image);
    canvas.setAttribute('aria-label', `${this.#name}: ${image.width} by ${image.height} pixels`);
    element(this.root, '.image-and-maps figcaption').textContent = sizeOf(image);
  }

  /** Shows why the image could not be pooled, or nothing. */
  showPoolProblem(problem: string | undefined): void {
    showProblem(element(this.root, '.pool-problem'), problem);
  }

  /** Draws the maps and thumbnails anew; `what` names them. */
  showPooled(pooled: Pooled, what: string, place: ValuePosition): void {
    this.#pooled = pooled;
    this.#place = place;
    const { channels } = pooled.layout;
    const group = element(this.root, '.channels');
    const most = greatest(pooled.map.data);
    group.setAttribute('aria-label', `${this.#name}: channel that is shown`);
    const inputs = Array.from({ length: Math.min(channels, MOST_CHANNELS) }, (_, channel) =>
      this.#channelChoice(pooled, channel, most, channel === place.channel),
    );
    replaceChoices(group, inputs);
    element(this.root, '.feature-maps figcaption').textContent = what;
    element(this.root, '.map-size').textContent =
      `${channels} × ${pooled.height} × ${pooled.width} cells → ${pooled.layout.length} values`;
    this.#drawCells(place.channel, most);
  }

  /** Drops the pooled map, which belongs to another image or pool. */
  forget(): void {
    this.#pooled = undefined;
  }

  /** Draws everything again, at the current size of the page. */
  refresh(place: ValuePosition): void {
    if (this.#pooled) this.#drawCells(place.channel, greatest(this.#pooled.map.data));
  }

  /** Draws what changes when another value is chosen: the pyramid, and the text below it. */
  showPlace(wanted: ValuePosition, landed: readonly GradientCell[]): void {
    const pooled = this.#pooled;
    if (!pooled) return;
    const place = pooled.layout.clamp(wanted);
    if (place.channel !== this.#place.channel) {
      this.#drawCells(place.channel, greatest(pooled.map.data));
      const inputs = this.root.querySelectorAll<HTMLInputElement>('.channels input');
      if (inputs[place.channel]) inputs[place.channel].checked = true;
    }
    this.#place = place;
    const { layout, levels, indices, height, width } = pooled;
    const start = layout.indexOf({ ...place, bin: 0 });
    const picture = {
      height,
      width,
      level: levels[place.level],
      colour: getComputedStyle(this.#map).getPropertyValue(`--map-${levelColour(place.level)}`),
      bin: place.bin,
      maxima: indices.subarray(start, start + layout.bins[place.level]),
      landed,
    };
    drawPyramid(element(this.root, '.map-bins'), picture, this.#cell);
    element(this.root, '.map-text').textContent = describe(pooled, place);
  }

  #drawCells(channel: number, most: number): void {
    const pooled = this.#pooled;
    if (!pooled) return;
    const { height, width } = pooled;
    const room = this.#map.parentElement?.clientWidth ?? 320;
    this.#cell = cellSize(height, width, room);
    const canvas = element<HTMLCanvasElement>(this.root, '.map-cells');
    drawPlane(canvas, { values: channelOf(pooled.map, channel), height, width }, most);
    canvas.style.width = `${width * this.#cell.width}px`;
    canvas.style.height = `${height * this.#cell.height}px`;
  }

  #channelChoice(pooled: Pooled, channel: number, most: number, checked: boolean): HTMLElement {
    const canvas = make('canvas');
    const { height, width } = pooled;
    drawPlane(canvas, { values: channelOf(pooled.map, channel), height, width }, most);
    const input = make('input', {
      type: 'radio',
      name: `${this.#name} channel`,
      value: `${channel}`,
      checked,
    });
    input.setAttribute('aria-label', `Channel ${channel + 1}`);
    input.addEventListener('change', () => this.#events.onChoose({ channel }));
    return make('label', { className: 'channel', title: `Channel ${channel + 1}` }, input, canvas);
  }

  #fillSamples(samples: readonly Sample[]): void {
    const group = element(this.root, '.samples');
    group.setAttribute('aria-label', `${this.#name}: samples`);
    for (const { name, plane } of samples) {
      const canvas = make('canvas');
      drawGrey(canvas, plane);
      const button = make('button', { type: 'button', className: 'sample', title: name }, canvas);
      button.setAttribute('aria-label', `${this.#name}: ${name}`);
      button.addEventListener('click', () => this.#events.onImage(plane));
      group.append(button);
    }
  }

  #listenToSources(): void {
    const input = element<HTMLInputElement>(this.root, 'input[type=file]');
    input.setAttribute('aria-label', `${this.#name}: open an image file`);
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      if (file) void this.open(file);
      input.value = '';
    });
    const ask = { draw: () => askForDrawing(), photograph };
    for (const [name, question] of Object.entries(ask)) {
      const button = element(this.root, `[data-do=${name}]`);
      button.ariaLabel = `${this.#name}: ${name}`;
      button.addEventListener('click', () => void this.#take(question));
    }
    acceptDrops(this.root, (file) => void this.open(file));
  }

  async #take(source: () => Promise<Picture | undefined>): Promise<void> {
    try {
      const image = await source();
      if (image) this.#events.onImage(image);
    } catch (error) {
      showProblem(this.#sourceProblem, messageOf(error));
    }
  }

  #listenToMap(): void {
    this.#map.tabIndex = 0;
    this.#map.role = 'application';
    this.#map.setAttribute(
      'aria-label',
      `${this.#name}: pyramid over the feature map. Arrow keys go from bin to bin, page up and page down through the levels, Enter sends a gradient back.`,
    );
    const choose = ({ offsetX, offsetY }: MouseEvent) => {
      if (!this.#pooled) return;
      const level = this.#pooled.levels[this.#place.level];
      const { width, height } = this.#cell;
      this.#events.onChoose({ bin: binAt(level, offsetY / height, offsetX / width) });
    };
    readAloudWhileFocused(this.#map, element(this.root, '.map-text'));
    this.#map.addEventListener('pointermove', choose);
    this.#map.addEventListener('click', (event) => {
      choose(event);
      this.#events.onSendBack();
    });
    this.#map.addEventListener('keydown', (event) => {
      if (this.#onKey(event.key)) event.preventDefault();
    });
  }

  #onKey(key: string): boolean {
    if (!this.#pooled) return false;
    const { level, bin } = this.#place;
    const columns = this.#pooled.levels[level].columns.length;
    const steps: Record<string, Partial<ValuePosition>> = {
      ArrowLeft: { bin: bin - 1 },
      ArrowRight: { bin: bin + 1 },
      ArrowUp: { bin: bin - columns },
      ArrowDown: { bin: bin + columns },
      PageUp: { level: level - 1, bin: 0 },
      PageDown: { level: level + 1, bin: 0 },
    };
    if (key === 'Enter') this.#events.onSendBack();
    else if (steps[key]) this.#events.onChoose(steps[key]);
    else return false;
    return true;
  }
}

/** Announced only for the map that has the keyboard's focus: a pointer changes both maps with every move. */
function readAloudWhileFocused(place: HTMLElement, text: HTMLElement): void {
  place.addEventListener('focus', () => {
    text.ariaLive = 'polite';
  });
  place.addEventListener('blur', () => {
    text.ariaLive = 'off';
  });
}

/** Cells are square, unless the map would be too thin to point at. */
function cellSize(height: number, width: number, room: number): CellSize {
  const side = Math.min(room / width, TALLEST / height, LARGEST_CELL);
  const stretched = (cells: number) => Math.max(side, Math.min(THINNEST / cells, LARGEST_CELL));
  return { width: stretched(width), height: stretched(height) };
}

function describe({ levels, layout, vector, indices, width }: Pooled, place: ValuePosition): string {
  const { rows, columns } = levels[place.level];
  const [row, column] = [Math.floor(place.bin / columns.length), place.bin % columns.length];
  const span = ([start, end]: readonly [number, number]) =>
    end - start === 1 ? `${start + 1}` : `${start + 1} to ${end}`;
  const at = layout.indexOf(place);
  const [y, x] = [Math.floor(indices[at] / width) + 1, (indices[at] % width) + 1];
  return (
    `Level ${rows.length} × ${columns.length}, bin ${row + 1}, ${column + 1} reads rows ${span(rows[row])} and ` +
    `columns ${span(columns[column])} of channel ${place.channel + 1}. Its maximum, ${vector[at].toFixed(2)}, is at ` +
    `row ${y}, column ${x}, and becomes value ${at + 1} of ${layout.length}.`
  );
}

async function photograph(): Promise<Picture | undefined> {
  const bitmap = await askForPhotograph();
  return bitmap && pictureOf(bitmap);
}
