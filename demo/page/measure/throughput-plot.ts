import type uPlot from 'uplot';
import { levelColour, pageColour } from '../ui/colours.js';
import { axis, Plot } from '../ui/plot.js';
import { BOUND, type Report, throughput } from './report.js';

const HEIGHT = 360;
const NAME = 'Throughput against the size of the map, a line for each engine; the table holds the numbers';
const DASHES: (number[] | undefined)[] = [undefined, [7, 4], [2, 3]];

/** Throughput against the size of the map, one line an engine; the bound is dashed. */
export class ThroughputPlot {
  readonly #plot: Plot;
  #report: Report | undefined;

  constructor(place: HTMLElement) {
    this.#plot = new Plot(place, NAME, () => this.#options());
  }

  show(report: Report): void {
    this.#report = report;
    this.#plot.remake(dataOf(report));
  }

  remake(): void {
    this.#plot.remake();
  }

  get canvas(): HTMLCanvasElement | undefined {
    return this.#plot.canvas;
  }

  /** Name and colour of each line. */
  get legend(): { name: string; colour: string }[] {
    return (this.#report?.engines ?? []).map(({ name }, i) => ({ name, colour: colourOf(name, i) }));
  }

  #options(): Omit<uPlot.Options, 'width'> {
    const engines = this.#report?.engines ?? [];
    return {
      height: HEIGHT,
      scales: {
        x: { time: false, distr: 3, log: 2, range: (_plot, low, high) => [low / 1.2, high * 1.2] },
        y: { distr: 3, log: 10 },
      },
      series: [
        { label: 'map', value: (_plot, value) => (value === null ? '' : `${value} × ${value}`) },
        ...engines.map(({ name }, i) => line(name, i)),
      ],
      axes: [
        axis({
          label: 'height and width of the map, cells',
          splits: () => [...(this.#report?.sizes ?? [])],
          values: (_plot, values) => values.map(String),
          filter: (_plot, splits) => splits,
        }),
        axis({ label: 'GB of map a second', size: 62, values: (_plot, values) => values.map(shown) }),
      ],
    };
  }
}

function line(name: string, place: number): uPlot.Series {
  const dash = name === BOUND ? [3, 5] : DASHES[Math.floor(place / 6) % DASHES.length];
  return {
    label: name,
    stroke: colourOf(name, place),
    width: 2,
    ...(dash && { dash }),
    spanGaps: true,
    value: (_plot, value) => (value === null ? '' : `${value.toFixed(2)} GB/s`),
  };
}

function colourOf(name: string, place: number): string {
  return pageColour(name === BOUND ? 'soft' : levelColour(place));
}

/** Between the powers of ten, uPlot leaves labels out. */
function shown(value: number | null): string {
  return value === null ? '' : String(value);
}

function dataOf(report: Report): uPlot.AlignedData {
  return [
    [...report.sizes],
    ...report.engines.map(({ microseconds }) =>
      microseconds.map((each, at) => throughput(report, report.sizes[at], each)),
    ),
  ];
}
