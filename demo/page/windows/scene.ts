import { addNoise, drawClutter } from '../../detect/clutter.js';
import type { Plane } from '../../ink/plane.js';
import { type Digit, scaleDigit } from '../../train/digits.js';
import { seededRandom } from '../../train/random.js';
import { blank, digits, paint } from '../ui/samples.js';

const HEIGHT = 288;
const WIDTH = 384;
const COUNT = 20;

interface Mover {
  readonly digit: Digit;
  x: number;
  y: number;
  readonly stepX: number;
  readonly stepY: number;
}

/** A large picture of digits of many sizes that drift about on clutter and come in again at the other side. */
export class Scene {
  readonly #background = blank(HEIGHT, WIDTH);
  readonly #movers: readonly Mover[];

  constructor() {
    const random = seededRandom(21);
    drawClutter(this.#background, random);
    addNoise(this.#background, random);
    this.#movers = Array.from({ length: COUNT }, (_, i) => ({
      digit: scaleDigit(digits[(i * 7) % digits.length], 0.8 + 2 * random() ** 2),
      // Spread over a grid to begin with, so that few lie over each other.
      x: ((i % 5) + 0.15 + 0.3 * random()) * (WIDTH / 5),
      y: (Math.floor(i / 5) + 0.1 + 0.3 * random()) * (HEIGHT / 4),
      stepX: 1.6 * (random() - 0.5),
      stepY: 1.1 * (random() - 0.5),
    }));
  }

  advance(): void {
    for (const mover of this.#movers) {
      mover.x = wrap(mover.x + mover.stepX, WIDTH);
      mover.y = wrap(mover.y + mover.stepY, HEIGHT);
    }
  }

  draw(): Plane {
    const plane = { ...this.#background, values: this.#background.values.slice() };
    for (const { digit, x, y } of this.#movers) paint(plane, digit, Math.round(y), Math.round(x));
    return plane;
  }
}

/** From just before one side to just behind the other. */
function wrap(place: number, size: number): number {
  const margin = 60;
  const round = size + margin;
  return ((((place + margin) % round) + round) % round) - margin;
}
