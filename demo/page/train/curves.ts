import type uPlot from 'uplot';
import type { TrainingProgress } from '../../train/trainer.js';
import { pageColour } from '../ui/colours.js';
import { element } from '../ui/dom.js';
import { axis, Plot } from '../ui/plot.js';

const HEIGHT = 230;
/** The loss of guessing among ten digits, with which the plot begins. */
const UNTAUGHT = Math.log(10);

/** Loss and accuracy over the images that were learnt from. */
export class Curves {
  readonly #loss: Plot;
  readonly #accuracy: Plot;
  #images: number[] = [];
  #losses: number[] = [];
  #accuracies: number[] = [];

  constructor(root: HTMLElement) {
    this.#loss = new Plot(element(root, '#loss'), 'Loss over the images that were learnt from', () =>
      curve(
        'loss',
        'level-0',
        (value) => value.toFixed(3),
        (value) => String(Number(value.toFixed(2))),
        [0, null],
      ),
    );
    this.#accuracy = new Plot(
      element(root, '#accuracy'),
      'Share recognised over the images that were learnt from',
      () =>
        curve(
          'recognised',
          'level-1',
          (value) => `${(100 * value).toFixed(1)} %`,
          (value) => `${Math.round(100 * value)} %`,
          [0, 1],
        ),
    );
  }

  add({ images, loss, accuracy }: TrainingProgress): void {
    this.#images.push(images);
    this.#losses.push(loss);
    this.#accuracies.push(accuracy);
    this.#show();
  }

  clear(): void {
    [this.#images, this.#losses, this.#accuracies] = [[], [], []];
    this.#show();
  }

  remake(): void {
    this.#loss.remake();
    this.#accuracy.remake();
  }

  #show(): void {
    this.#loss.setData([this.#images, this.#losses]);
    this.#accuracy.setData([this.#images, this.#accuracies]);
  }
}

function curve(
  label: string,
  colour: string,
  show: (value: number) => string,
  tick: (value: number) => string,
  range: [number, number | null],
): Omit<uPlot.Options, 'width'> {
  return {
    height: HEIGHT,
    scales: {
      x: { time: false },
      y: { range: (_plot, _low, high) => [range[0], range[1] ?? Math.max(high ?? UNTAUGHT, 0.1) * 1.05] },
    },
    series: [
      { label: 'images', value: (_plot, value) => (value === null ? '' : value.toLocaleString('en-US')) },
      {
        label,
        stroke: pageColour(colour),
        width: 2,
        points: { show: false },
        value: (_plot, value) => (value === null ? '' : show(value)),
      },
    ],
    axes: [
      axis({ values: (_plot, values) => values.map((value) => value.toLocaleString('en-US')) }),
      axis({ size: 56, values: (_plot, values) => values.map(tick) }),
    ],
  };
}
