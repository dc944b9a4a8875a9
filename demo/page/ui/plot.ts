/** uPlot in the page's colours. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './plot.css';
import { pageColour } from './colours.js';

const FONT = '12px Inter, sans-serif';

export function axis(options: Partial<uPlot.Axis> = {}): uPlot.Axis {
  const line = { stroke: pageColour('line'), width: 1 };
  return { stroke: pageColour('soft'), font: FONT, labelFont: FONT, grid: line, ticks: line, ...options };
}

/** Makes a plot as wide as its place, and keeps it so; `remake` draws it in other colours. */
export class Plot {
  readonly #place: HTMLElement;
  readonly #options: () => Omit<uPlot.Options, 'width'>;
  #data: uPlot.AlignedData;
  #plot: uPlot | undefined;

  /** `name` is what screen readers read. */
  constructor(
    place: HTMLElement,
    name: string,
    options: () => Omit<uPlot.Options, 'width'>,
    data: uPlot.AlignedData = [[]],
  ) {
    this.#place = place;
    place.role = 'img';
    place.ariaLabel = name;
    this.#options = options;
    this.#data = data;
    new ResizeObserver(() => this.#fit()).observe(place);
    this.remake();
  }

  setData(data: uPlot.AlignedData): void {
    this.#data = data;
    this.#plot?.setData(data);
  }

  /** Makes the plot again: for data with other series, or in other colours. */
  remake(data: uPlot.AlignedData = this.#data): void {
    this.#data = data;
    this.#plot?.destroy();
    this.#plot = undefined;
    if (this.#place.clientWidth === 0) return;
    this.#plot = new uPlot({ ...this.#options(), width: this.#place.clientWidth }, this.#data, this.#place);
  }

  /** The canvas, to be saved as an image. */
  get canvas(): HTMLCanvasElement | undefined {
    return this.#plot?.ctx.canvas;
  }

  #fit(): void {
    const { clientWidth } = this.#place;
    if (clientWidth === 0 || clientWidth === this.#plot?.width) return;
    if (this.#plot) this.#plot.setSize({ width: clientWidth, height: this.#plot.height });
    else this.remake();
  }
}
