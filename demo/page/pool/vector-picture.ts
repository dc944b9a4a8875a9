/** A vector as a picture: a row for each channel, a column for each bin, the levels side by side. */
import { prepare } from '../ui/canvas.js';
import { levelColour, pageColour, shade } from '../ui/colours.js';
import type { Place, VectorLayout } from './layout.js';

const GAP = 8;
const BAR = 5;
const MOST_CELL = 18;
const ROW = 9;

export class VectorPicture {
  readonly #canvas: HTMLCanvasElement;
  #layout: VectorLayout | undefined;
  #cell = 1;
  #row = ROW;

  constructor(canvas: HTMLCanvasElement, onChoose: (place: Place) => void) {
    this.#canvas = canvas;
    const choose = (event: PointerEvent) => {
      const place = this.#placeAt(event.offsetX, event.offsetY);
      if (place) onChoose(place);
    };
    canvas.addEventListener('pointermove', choose);
    canvas.addEventListener('pointerdown', choose);
  }

  /** Values are shaded from 0 to `most`. */
  draw(layout: VectorLayout, values: Float32Array, most: number, chosen: Place | undefined): void {
    this.#layout = layout;
    const columns = layout.bins.reduce((sum, bins) => sum + bins, 0);
    const room = (this.#canvas.parentElement?.clientWidth ?? 320) - GAP * (layout.bins.length - 1);
    this.#cell = Math.max(0.5, Math.min(MOST_CELL, room / columns));
    this.#row = layout.channels === 1 ? MOST_CELL : ROW;
    const width = columns * this.#cell + GAP * (layout.bins.length - 1);
    const context = prepare(this.#canvas, width, BAR + 3 + layout.channels * this.#row);
    layout.bins.forEach((bins, level) => {
      const left = this.#leftOf(level);
      context.fillStyle = pageColour(levelColour(level));
      context.fillRect(left, 0, bins * this.#cell, BAR);
      const start = layout.startOf(level);
      for (let i = 0; i < bins * layout.channels; i++) {
        context.fillStyle = most > 0 ? shade(values[start + i] / most) : shade(0);
        const [x, y] = [left + (i % bins) * this.#cell, BAR + 3 + Math.floor(i / bins) * this.#row];
        context.fillRect(x, y, Math.max(0.5, this.#cell - 0.5), this.#row - 0.5);
      }
    });
    if (chosen) this.#markChosen(context, chosen);
  }

  #leftOf(level: number): number {
    const before = this.#layout?.bins.slice(0, level) ?? [];
    return before.reduce((left, bins) => left + bins * this.#cell + GAP, 0);
  }

  #markChosen(context: CanvasRenderingContext2D, { level, channel, bin }: Place): void {
    const x = this.#leftOf(level) + bin * this.#cell;
    const y = BAR + 3 + channel * this.#row;
    context.strokeStyle = '#ff5f87';
    context.lineWidth = 2;
    context.strokeRect(x - 0.5, y - 0.5, this.#cell + 0.5, this.#row + 0.5);
  }

  #placeAt(x: number, y: number): Place | undefined {
    const layout = this.#layout;
    if (!layout) return undefined;
    const channel = Math.floor((y - BAR - 3) / this.#row);
    for (const [level, bins] of layout.bins.entries()) {
      const bin = Math.floor((x - this.#leftOf(level)) / this.#cell);
      if (bin >= 0 && bin < bins) return layout.clamp({ level, channel, bin });
    }
    return undefined;
  }
}
