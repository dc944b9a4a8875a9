/** The example with the camera: another thread runs the backbone, and this one pools what it wrote. */
import { createPyramidPool, createRuntime, type PyramidPoolError } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { convolve, featureDims } from '../../demo/camera/backbone.js';
import { BackboneThread } from '../../demo/camera/backbone-thread.js';
import { expectBits } from '../unit/bits.js';
import { referenceForward } from '../unit/reference.js';

function picture(width: number, height: number): ImageData {
  const data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) =>
    i % 4 === 3 ? 255 : 127 + 120 * Math.sin(i * i),
  );
  return new ImageData(data, width, height);
}

const levels = [
  [4, 4],
  [2, 2],
  [1, 1],
] as const;

test.runIf(crossOriginIsolated)('pictures of all sizes become vectors of one length', async () => {
  using runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
  const pool = await createPyramidPool({ levels, runtime });
  const backbone = await BackboneThread.start(runtime);
  try {
    for (const [width, height] of [
      [29, 17],
      [64, 48],
      [31, 90],
    ] as const) {
      const image = picture(width, height);
      const dims = featureDims(width, height);
      using features = runtime.tensor(dims);
      await backbone.run(await createImageBitmap(image), features);
      const expected = new Float32Array(features.size);
      convolve(image, expected);
      expectBits(features.data, expected, 'features');
      const { data } = await pool.forwardAsync(features);
      expect(data.length).toBe(168);
      expectBits(data, referenceForward(expected, [1, ...dims], levels, 'adaptive').output, 'vector');
    }
  } finally {
    backbone.stop();
  }
});

test.runIf(!crossOriginIsolated)('without isolation there is no memory to share', async () => {
  using runtime = await createRuntime();
  const error = await BackboneThread.start(runtime).catch((error: PyramidPoolError) => error);
  expect(error).toMatchObject({ code: 'not-shared' });
});
