import { createPyramidPool } from 'pyramid-pool';
import { expect, test } from 'vitest';

test.each(['NCHW', 'NHWC'] as const)('the gradient is what finite differences say, in %s', async (layout) => {
  const pool = await createPyramidPool({ levels: [[3, 2], 2, 1], layout });
  const dims = [2, 5, 3, 4];
  // Distinct multiples of 1/8, in an order that looks random: a step of 1/64 never changes which cell is greatest.
  const data = Float32Array.from({ length: 120 }, (_, i) => ((i * 77) % 120) / 8);
  const weights = Float32Array.from(
    { length: pool.outputDims(dims).reduce((a, b) => a * b) },
    (_, i) => (i % 11) - 5,
  );
  const loss = () =>
    pool.forward({ data, dims }).data.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);

  const { output, indices } = pool.forwardWithIndices({ data, dims });
  const gradient = pool.backward({ data: weights, dims: output.dims }, { dims, indices });
  const step = 1 / 64;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    data[i] = value + step;
    const above = loss();
    data[i] = value - step;
    const below = loss();
    data[i] = value;
    expect((above - below) / (2 * step), `cell ${i}`).toBe(gradient.data[i]);
  }
});

test.each(['NCHW', 'NHWC'] as const)('so is the gradient of an average, in %s', async (layout) => {
  for (const bins of ['adaptive', 'padded'] as const) {
    const pool = await createPyramidPool({ levels: [2, 1], reduction: 'average', bins, layout });
    const dims = [2, 5, 7, 3];
    const data = Float32Array.from({ length: 210 }, (_, i) => ((i * 77) % 210) / 8);
    const weights = Float32Array.from(
      { length: pool.outputDims(dims).reduce((a, b) => a * b) },
      (_, i) => (i % 11) - 5,
    );
    const loss = () =>
      pool.forward({ data, dims }).data.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
    const gradient = pool.backward({ data: weights, dims: pool.outputDims(dims) }, { dims });
    // The loss is linear in every cell, so the step may be large.
    for (let i = 0; i < data.length; i++) {
      const before = loss();
      data[i] = (data[i] as number) + 64;
      expect((loss() - before) / 64, `cell ${i}`).toBeCloseTo(gradient.data[i] as number, 4);
      data[i] = (data[i] as number) - 64;
    }
  }
});
