/** Gradients against finite differences. */
import { createPyramidPool, createRoiPyramidPool, type Runtime, type Tensor } from 'pyramid-pool';
import { describe, expect, test } from 'vitest';
import { ruleNames } from './reference.js';
import { testedRuntimes, useRuntime } from './runtimes.js';

const layouts = ['NCHW', 'NHWC'] as const;

/** Distinct multiples of 1/8 (79 is prime), in an order that looks random: a step of 1/64 never changes which cell is greatest. */
function distinct(dims: number[]) {
  const length = dims.reduce((a, b) => a * b);
  return Float32Array.from({ length }, (_, i) => ((i * 79) % length) / 8);
}

const weightsFor = (length: number) => Float32Array.from({ length }, (_, i) => (i % 11) - 5);

/** What a step of each cell does to the weighted sum of the outputs. */
function* differences(data: Float32Array, step: number, forward: () => Tensor<'float32'>) {
  const weights = weightsFor(forward().size);
  const loss = () => forward().data.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    data[i] = value + step;
    const above = loss();
    data[i] = value - step;
    const below = loss();
    data[i] = value;
    yield [i, (above - below) / (2 * step)] as const;
  }
}

describe.each(testedRuntimes.filter(({ threads }) => !threads || threads === 2))(
  '$variant $threads',
  (options) => {
    const runtime = useRuntime(options);

    for (const layout of layouts) {
      test(`the gradient is what finite differences say, in ${layout}`, async () => {
        for (const bins of ruleNames) {
          const pool = await createPyramidPool({ levels: [[3, 2], 2, 1], bins, layout, runtime: runtime() });
          const dims = layout === 'NCHW' ? [2, 5, 3, 4] : [2, 3, 4, 5];
          const data = distinct(dims);
          const { output, indices } = pool.forwardWithIndices({ data, dims });
          const weights = { data: weightsFor(output.size), dims: output.dims };
          const gradient = pool.backward(weights, { dims, indices });
          for (const [i, difference] of differences(data, 1 / 64, () => pool.forward({ data, dims }))) {
            expect(difference, `${bins}, cell ${i}`).toBe(gradient.data[i]);
          }
        }
      });

      test(`so is the gradient of an average, in ${layout}`, async () => {
        for (const bins of ruleNames) {
          const pool = await createPyramidPool({
            levels: [2, 1],
            reduction: 'average',
            bins,
            layout,
            runtime: runtime(),
          });
          const dims = [2, 5, 7, 3];
          const data = distinct(dims);
          const weights = weightsFor(pool.outputDims(dims).reduce((a, b) => a * b));
          const gradient = pool.backward({ data: weights, dims: pool.outputDims(dims) }, { dims });
          // The loss is linear in every cell, so the step may be large.
          for (const [i, difference] of differences(data, 32, () => pool.forward({ data, dims }))) {
            expect(difference, `${bins}, cell ${i}`).toBeCloseTo(gradient.data[i] as number, 4);
          }
        }
      });

      test(`so is the gradient of regions, in ${layout}`, () => checkRegions(layout, runtime()));

      test(`so is the gradient of regions that are averaged or sampled, in ${layout}`, () =>
        checkAverages(layout, runtime()));
    }
  },
);

async function checkRegions(layout: (typeof layouts)[number], runtime: Runtime): Promise<void> {
  const dims = layout === 'NCHW' ? [2, 3, 6, 7] : [2, 6, 7, 3];
  for (const rule of [
    { rule: 'roi-pool', spatialScale: 0.5 },
    { rule: 'spp-net', step: 2, offset: 0.5, offset0: 1 },
  ] as const) {
    // Few regions are scanned, and many looked up.
    for (const count of [3, 40]) {
      const rois = regions(count);
      const pool = await createRoiPyramidPool({ levels: [[2, 3], 1], ...rule, layout, runtime });
      const data = distinct(dims);
      const { output, indices } = pool.forwardWithIndices({ data, dims }, rois);
      const weights = { data: weightsFor(output.size), dims: output.dims };
      const gradient = pool.backward(weights, { dims, rois, indices });
      for (const [i, difference] of differences(data, 1 / 64, () => pool.forward({ data, dims }, rois))) {
        expect(difference, `${rule.rule}, ${count} regions, cell ${i}`).toBe(gradient.data[i]);
      }
    }
  }
}

async function checkAverages(layout: (typeof layouts)[number], runtime: Runtime): Promise<void> {
  const dims = layout === 'NCHW' ? [2, 3, 6, 7] : [2, 6, 7, 3];
  const rois = regions(9);
  for (const rule of [
    { rule: 'roi-align', spatialScale: 0.5 },
    { rule: 'roi-align', spatialScale: 0.5, samplingRatio: 2, aligned: true },
    { rule: 'roi-pool', spatialScale: 0.5, reduction: 'average' },
    { rule: 'spp-net', step: 2, offset: 0.5, offset0: 1, reduction: 'average' },
  ] as const) {
    const pool = await createRoiPyramidPool({ levels: [[2, 3], 1], ...rule, layout, runtime });
    const data = distinct(dims);
    const output = pool.forward({ data, dims }, rois);
    const weights = { data: weightsFor(output.size), dims: output.dims };
    const gradient = pool.backward(weights, { dims, rois });
    // The loss is linear in every cell, so the step may be large.
    for (const [i, difference] of differences(data, 32, () => pool.forward({ data, dims }, rois))) {
      expect(difference, `${JSON.stringify(rule)}, cell ${i}`).toBeCloseTo(gradient.data[i] as number, 3);
    }
  }
}

/** Regions of two items, some of them beyond the map. */
function regions(count: number) {
  const numbers = Array.from({ length: count }, (_, i) => [
    i % 2,
    (i * 3) % 9,
    (i * 5) % 8,
    (i * 3) % 14,
    11,
  ]);
  return { data: Float32Array.from(numbers.flat()), dims: [count, 5] };
}
