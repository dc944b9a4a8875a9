import { alignBackwardInto, alignInto } from '../align.js';
import { type Case, cellsOf, outputLengthOf } from '../case.js';
import type { Engine, PreparedEngine } from '../engine.js';
import { poolRegionsInto, spreadRegions } from '../regions.js';
import type { Workload } from '../workload.js';

/** What one writes without this package: typed arrays, no allocation, level by level over the map. */
export const plainJs: Engine = {
  name: 'plain-js',
  kind: 'yardstick',
  about: 'plain JavaScript loops over typed arrays',
  // Gradients are summed where they land, in another order than PyTorch's.
  tolerance: 1e-5,
  async prepare(workload): Promise<PreparedEngine | undefined> {
    const { case: c, operation, maps, regions } = workload;
    if (c.samplingRatio) return prepareAlign(workload);
    if (c.regions && operation === 'arrays') return undefined;
    const output = new Float32Array(outputLengthOf(c));
    const indices = new Int32Array(output.length);
    // The plainest of loops over regions finds the index as well.
    const poolWithIndices = (turn: number) => {
      const i = turn % maps.length;
      if (c.regions) poolRegionsInto(c, maps[i]!, regions[i]!, output, indices);
      else forwardWithIndices(c, maps[i]!, output, indices);
    };
    if (operation === 'backward') return prepareBackward(workload, poolWithIndices, indices);
    if (operation === 'indices') {
      return { run: poolWithIndices, answer: () => [output, indices], dispose() {} };
    }
    const pool = (turn: number) => forward(c, maps[turn % maps.length]!, output);
    return { run: c.regions ? poolWithIndices : pool, answer: () => [output], dispose() {} };
  },
};

/** `poolWithIndices` fills `indices` with those of a turn. */
function prepareBackward(
  { case: c, maps, gradients }: Workload,
  poolWithIndices: (turn: number) => void,
  indices: Int32Array,
): PreparedEngine {
  const gradInput = new Float32Array(cellsOf(c));
  const places = maps.map((_, turn) => {
    poolWithIndices(turn);
    return indices.slice();
  });
  const spread = c.regions ? spreadRegions : backward;
  return {
    run: (turn) => spread(c, gradients[turn % maps.length]!, places[turn % maps.length]!, gradInput),
    answer: () => [gradInput],
    dispose() {},
  };
}

function prepareAlign({
  case: c,
  operation,
  maps,
  gradients,
  regions,
}: Workload): PreparedEngine | undefined {
  if (operation === 'arrays') return undefined;
  const isBackward = operation === 'backward';
  const result = new Float32Array(isBackward ? cellsOf(c) : outputLengthOf(c));
  return {
    run(turn) {
      const i = turn % maps.length;
      if (isBackward) alignBackwardInto(c, gradients[i]!, regions[i]!, result);
      else alignInto(c, maps[i]!, regions[i]!, result);
    },
    answer: () => [result],
    dispose() {},
  };
}

const start = (size: number, n: number, i: number) => Math.floor((i * size) / n);
const end = (size: number, n: number, i: number) => Math.ceil(((i + 1) * size) / n);

/** Where the first bin of a level's first channel stands, item by item and level by level. */
function* levelsOf({
  dims: [batch, channels],
  levels,
}: Case): Generator<[item: number, n: number, at: number]> {
  let at = 0;
  for (let item = 0; item < batch; item++) {
    for (const n of levels) {
      yield [item, n, at];
      at += channels * n * n;
    }
  }
}

function forward(c: Case, map: Float32Array, output: Float32Array): void {
  const [, channels, height, width] = c.dims;
  for (const [item, n, first] of levelsOf(c)) {
    let at = first;
    for (let channel = 0; channel < channels; channel++) {
      const plane = (item * channels + channel) * height * width;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          const top = plane + start(height, n, i) * width;
          const bottom = plane + end(height, n, i) * width;
          output[at++] = maximum(map, top, bottom, width, start(width, n, j), end(width, n, j));
        }
      }
    }
  }
}

function maximum(
  map: Float32Array,
  top: number,
  bottom: number,
  width: number,
  left: number,
  right: number,
): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let row = top; row < bottom; row += width) {
    for (let p = row + left; p < row + right; p++) {
      const value = map[p]!;
      if (value > best) best = value;
    }
  }
  return best;
}

function forwardWithIndices(c: Case, map: Float32Array, output: Float32Array, indices: Int32Array): void {
  const [, channels, height, width] = c.dims;
  for (const [item, n, first] of levelsOf(c)) {
    let at = first;
    for (let channel = 0; channel < channels; channel++) {
      const plane = (item * channels + channel) * height * width;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          const top = plane + start(height, n, i) * width;
          const bottom = plane + end(height, n, i) * width;
          const place = placeOfMaximum(map, top, bottom, width, start(width, n, j), end(width, n, j));
          output[at] = map[place]!;
          indices[at++] = place - plane;
        }
      }
    }
  }
}

function placeOfMaximum(
  map: Float32Array,
  top: number,
  bottom: number,
  width: number,
  left: number,
  right: number,
): number {
  let best = Number.NEGATIVE_INFINITY;
  let place = top + left;
  for (let row = top; row < bottom; row += width) {
    for (let p = row + left; p < row + right; p++) {
      const value = map[p]!;
      if (value > best) {
        best = value;
        place = p;
      }
    }
  }
  return place;
}

function backward(c: Case, gradOutput: Float32Array, indices: Int32Array, gradInput: Float32Array): void {
  const [, channels, height, width] = c.dims;
  gradInput.fill(0);
  for (const [item, n, first] of levelsOf(c)) {
    let at = first;
    for (let channel = 0; channel < channels; channel++) {
      const plane = (item * channels + channel) * height * width;
      for (let bin = 0; bin < n * n; bin++, at++) {
        const cell = plane + indices[at]!;
        gradInput[cell] = gradInput[cell]! + gradOutput[at]!;
      }
    }
  }
}
