/** Layers of a small network, over maps `[height, width, channels]`: plain loops, a kilobyte of code. */

/** A map: `float32`, channels together. */
export interface FeatureMap {
  readonly data: Float32Array;
  /** Height, width, channels. */
  readonly dims: readonly [height: number, width: number, channels: number];
}

/** A convolution's weights `[rows, columns, channels in, channels out]`. */
export interface Filter {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** A convolution of stride 1 with as much padding as keeps the size (TensorFlow's "same"). */
export function convolve({ data, dims: [height, width, inputs] }: FeatureMap, filter: Filter): FeatureMap {
  const [rows, columns, , outputs] = filter.shape as [number, number, number, number];
  const [top, left] = [Math.floor((rows - 1) / 2), Math.floor((columns - 1) / 2)];
  const result = new Float32Array(height * width * outputs);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * outputs;
      for (let row = Math.max(0, top - y); row < Math.min(rows, height + top - y); row++) {
        for (let column = Math.max(0, left - x); column < Math.min(columns, width + left - x); column++) {
          const from = ((y + row - top) * width + x + column - left) * inputs;
          const weights = (row * columns + column) * inputs * outputs;
          addScaled(result, to, data, from, inputs, filter.data, weights, outputs);
        }
      }
    }
  }
  return { data: result, dims: [height, width, outputs] };
}

/** Adds to `outputs` sums what one cell of `inputs` channels contributes. Most cells of a picture are paper, and add nothing. */
function addScaled(
  sums: Float32Array,
  to: number,
  cells: Float32Array,
  from: number,
  inputs: number,
  weights: Float32Array,
  first: number,
  outputs: number,
): void {
  for (let i = 0; i < inputs; i++) {
    const cell = cells[from + i];
    if (cell === 0) continue;
    for (let o = 0; o < outputs; o++) sums[to + o] += cell * weights[first + i * outputs + o];
  }
}

/** The maximum of every two by two cells; at an odd edge, of those that there are. */
export function maxPool({ data, dims: [height, width, channels] }: FeatureMap): FeatureMap {
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const result = new Float32Array(rows * columns * channels).fill(Number.NEGATIVE_INFINITY);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels;
      const to = ((y >> 1) * columns + (x >> 1)) * channels;
      for (let c = 0; c < channels; c++) result[to + c] = Math.max(result[to + c], data[from + c]);
    }
  }
  return { data: result, dims: [rows, columns, channels] };
}

/** Adds a bias to every channel, and applies a ReLU. */
export function addBiasAndRelu({ data, dims }: FeatureMap, bias: Float32Array): FeatureMap {
  const result = data.map((value, i) => Math.max(0, value + bias[i % bias.length]));
  return { data: result, dims };
}

/** Scores of a fully connected layer with weights `[inputs, outputs]`. */
export function fullyConnected(
  vector: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
): Float32Array {
  const scores = bias.slice();
  vector.forEach((value, i) => {
    for (let o = 0; o < scores.length; o++) scores[o] += value * weights[i * scores.length + o];
  });
  return scores;
}

/** Softmax. */
export function softmax(scores: Float32Array): Float32Array {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
