import type { Plane } from '../ink/plane.js';

/** The sum of a picture over any box in four reads (a summed-area table). */
export class BoxSums {
  readonly #sums: Float64Array;
  readonly #width: number;
  readonly #height: number;

  constructor({ values, height, width }: Plane) {
    this.#width = width;
    this.#height = height;
    this.#sums = new Float64Array((height + 1) * (width + 1));
    for (let y = 0, i = 0; y < height; y++) {
      let row = 0;
      const at = (y + 1) * (width + 1) + 1;
      for (let x = 0; x < width; x++, i++) {
        row += values[i];
        this.#sums[at + x] = this.#sums[at + x - width - 1] + row;
      }
    }
  }

  /** Rows `[top, bottom)` and columns `[left, right)`; what lies outside the picture is 0. */
  sum(top: number, left: number, bottom: number, right: number): number {
    const stride = this.#width + 1;
    const above = clamp(top, this.#height) * stride;
    const below = clamp(bottom, this.#height) * stride;
    const before = clamp(left, this.#width);
    const behind = clamp(right, this.#width);
    const sums = this.#sums;
    return sums[below + behind] - sums[below + before] - sums[above + behind] + sums[above + before];
  }
}

function clamp(place: number, most: number): number {
  return place < 0 ? 0 : place > most ? most : place;
}
