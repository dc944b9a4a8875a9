/**
 * Spatial pyramid max pooling in plain JavaScript, forward and backward, with PyTorch's rules: the baseline of
 * the benchmark. It is as fast as typed-array loops get while they stay readable.
 */
import { backwardItem } from './backward.js';
import type { Maxima } from './maxima.js';
import { type LevelView, mergeLevel } from './merge.js';
import { type Layout, type Level, type LevelPlan, makePlan, type Plan } from './plan.js';
import { scanPlane } from './scan-nchw.js';
import { scanItem } from './scan-nhwc.js';

export type { Layout, Level } from './plan.js';

export interface Floats {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export interface Cells {
  readonly data: Int32Array;
  readonly dims: readonly number[];
}

export interface PlainPoolOptions {
  readonly levels: readonly Level[];
  readonly layout?: Layout;
}

interface Shape {
  readonly items: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Without the batch axis the result has none either. */
  readonly batched: boolean;
}

export class PlainPool {
  readonly #levels: readonly Level[];
  readonly #nhwc: boolean;
  readonly #bins: number;
  readonly #plans = new Map<string, Plan>();

  constructor({ levels, layout = 'NCHW' }: PlainPoolOptions) {
    this.#levels = levels;
    this.#nhwc = layout === 'NHWC';
    this.#bins = levels.reduce<number>((sum, l) => sum + (typeof l === 'number' ? l * l : l[0] * l[1]), 0);
  }

  outputDims(dims: readonly number[]): number[] {
    const { items, channels, batched } = this.#shape(dims);
    const length = this.#bins * channels;
    return batched ? [items, length] : [length];
  }

  forward(input: Floats): Floats {
    return this.forwardWithIndices(input).output;
  }

  forwardWithIndices(input: Floats): { output: Floats; indices: Cells } {
    const shape = this.#shape(input.dims);
    const { items, channels, height, width } = shape;
    const plan = this.#plan(height, width);
    const row = this.#bins * channels;
    const maxima: Maxima = { values: new Float32Array(items * row), cells: new Int32Array(items * row) };
    for (let n = 0; n < items; n++) {
      const itemStart = n * height * width * channels;
      for (const level of plan.finestFirst) {
        if (level.finer) this.#merge(level, level.finer, channels, maxima, n * row);
        else this.#scan(input.data, itemStart, level, shape, maxima, n * row);
      }
    }
    const dims = this.outputDims(input.dims);
    return { output: { data: maxima.values, dims }, indices: { data: maxima.cells, dims } };
  }

  backward(gradOutput: Floats, { dims, indices }: { dims: readonly number[]; indices: Cells }): Floats {
    const { items, channels, height, width } = this.#shape(dims);
    const size = height * width * channels;
    const row = this.#bins * channels;
    const gradInput = new Float32Array(items * size);
    const job = {
      plan: this.#plan(height, width),
      channels,
      gradOutput: gradOutput.data,
      cells: indices.data,
      gradInput,
      scratch: new Float32Array(this.#nhwc ? size : height * width),
    };
    for (let n = 0; n < items; n++) backwardItem(job, n * row, n * size, this.#nhwc);
    return { data: gradInput, dims };
  }

  #scan(
    input: Float32Array,
    base: number,
    level: LevelPlan,
    shape: Shape,
    maxima: Maxima,
    rowStart: number,
  ): void {
    const { channels, height, width } = shape;
    const to = rowStart + level.binsBefore * channels;
    if (this.#nhwc) {
      scanItem({ input, base, width, channels }, level, maxima, to);
      return;
    }
    const bins = level.rows * level.columns;
    for (let c = 0; c < channels; c++) {
      scanPlane(input, base + c * height * width, width, level, maxima, to + c * bins);
    }
  }

  #merge(level: LevelPlan, finer: LevelPlan, channels: number, maxima: Maxima, rowStart: number): void {
    const to = this.#view(level, channels, rowStart);
    mergeLevel(maxima, channels, level, to, finer, this.#view(finer, channels, rowStart));
  }

  #view({ rows, columns, binsBefore }: LevelPlan, channels: number, rowStart: number): LevelView {
    const start = rowStart + binsBefore * channels;
    return this.#nhwc
      ? { start, binStep: channels, channelStep: 1 }
      : { start, binStep: 1, channelStep: rows * columns };
  }

  #plan(height: number, width: number): Plan {
    const key = `${height}x${width}`;
    let plan = this.#plans.get(key);
    if (!plan) {
      plan = makePlan(this.#levels, height, width);
      this.#plans.set(key, plan);
    }
    return plan;
  }

  #shape(dims: readonly number[]): Shape {
    const batched = dims.length === 4;
    const [items, a, b, c] = (batched ? dims : [1, ...dims]) as [number, number, number, number];
    return this.#nhwc
      ? { items, height: a, width: b, channels: c, batched }
      : { items, channels: a, height: b, width: c, batched };
  }
}

/** The same calls as `createPyramidPool`, for max pooling over adaptive bins. */
export function createPlainPool(options: PlainPoolOptions): PlainPool {
  return new PlainPool(options);
}
