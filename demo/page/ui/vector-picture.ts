/** A vector as a picture: a row for each channel, a column for each bin, the levels side by side. */
import { drawPlane, prepare } from './canvas.js';
import { levelColour, pageColour } from './colours.js';
import type { ValuePosition, VectorLayout } from './vector-layout.js';

const GAP = 8;
const BAR = 5;
/** Where the rows begin, below the bar of the level's colour. */
const TOP = BAR + 3;
const MOST_CELL = 18;
const ROW = 9;
/** The height of all rows together: networks have hundreds of channels. */
const TALLEST = 640;

export class VectorPicture {
  readonly #canvas: HTMLCanvasElement;
  /** A pixel for each value. */
  readonly #cells = document.createElement('canvas');
  #layout: VectorLayout | undefined;
  #cell = 1;
  #row = ROW;

  constructor(canvas: HTMLCanvasElement, onChoose: (place: ValuePosition) => void) {
    this.#canvas = canvas;
    const choose = (event: PointerEvent) => {
      const place = this.#placeAt(event.offsetX, event.offsetY);
      if (place) onChoose(place);
    };
    canvas.addEventListener('pointermove', choose);
    canvas.addEventListener('pointerdown', choose);
  }

  /** Values are shaded from 0 to `most`. */
  draw(layout: VectorLayout, values: Float32Array, most: number, chosen: ValuePosition | undefined): void {
    this.#layout = layout;
    const columns = layout.bins.reduce((sum, bins) => sum + bins, 0);
    const room = (this.#canvas.parentElement?.clientWidth ?? 320) - GAP * (layout.bins.length - 1);
    this.#cell = Math.min(MOST_CELL, room / columns);
    this.#row = layout.channels === 1 ? MOST_CELL : Math.min(ROW, TALLEST / layout.channels);
    const width = columns * this.#cell + GAP * (layout.bins.length - 1);
    const context = prepare(this.#canvas, width, TOP + layout.channels * this.#row);
    layout.bins.forEach((bins, level) => {
      const left = this.#leftOf(level);
      context.fillStyle = pageColour(levelColour(level));
      context.fillRect(left, 0, bins * this.#cell, BAR);
      const start = layout.startOf(level);
      const shown = values.subarray(start, start + bins * layout.channels);
      drawPlane(this.#cells, { values: shown, height: layout.channels, width: bins }, most);
      context.imageSmoothingEnabled = this.#cell < 1;
      context.drawImage(this.#cells, left, TOP, bins * this.#cell, layout.channels * this.#row);
      this.#drawGrid(context, left, bins, layout.channels);
    });
    if (chosen) this.#markChosen(context, chosen);
  }

  /** Clears the picture. */
  clear(): void {
    this.#layout = undefined;
    prepare(this.#canvas, this.#canvas.clientWidth || 1, this.#canvas.clientHeight || 1);
  }

  /** Thin lines between cells that are large enough to be told apart. */
  #drawGrid(context: CanvasRenderingContext2D, left: number, columns: number, rows: number): void {
    const [width, height] = [columns * this.#cell, rows * this.#row];
    context.fillStyle = pageColour('card');
    for (let row = 1; row <= rows; row++) context.fillRect(left, TOP + row * this.#row - 0.5, width, 0.5);
    if (this.#cell < 3) return;
    for (let column = 1; column <= columns; column++) {
      context.fillRect(left + column * this.#cell - 0.5, TOP, 0.5, height);
    }
  }

  #leftOf(level: number): number {
    const before = this.#layout?.bins.slice(0, level) ?? [];
    return before.reduce((left, bins) => left + bins * this.#cell + GAP, 0);
  }

  #markChosen(context: CanvasRenderingContext2D, { level, channel, bin }: ValuePosition): void {
    const x = this.#leftOf(level) + bin * this.#cell;
    const y = TOP + channel * this.#row;
    context.strokeStyle = '#ff5f87';
    context.lineWidth = 2;
    context.strokeRect(x - 0.5, y - 0.5, this.#cell + 0.5, this.#row + 0.5);
  }

  #placeAt(x: number, y: number): ValuePosition | undefined {
    const layout = this.#layout;
    if (!layout) return undefined;
    const channel = Math.floor((y - TOP) / this.#row);
    for (const [level, bins] of layout.bins.entries()) {
      const bin = Math.floor((x - this.#leftOf(level)) / this.#cell);
      if (bin >= 0 && bin < bins) return layout.clamp({ level, channel, bin });
    }
    return undefined;
  }
}
