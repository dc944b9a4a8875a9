/** Memory does not grow with training: some steps here, an hour by `npm run soak`. Types are those of the demo. */
import { createPyramidPool, createRuntime } from 'pyramid-pool';
import { expect, inject, test } from 'vitest';
import { loadDigits, tfjsWasmFolder } from '../../demo/data/node-assets.js';
import { decodeDigits } from '../../demo/train/digits.js';
import { TRAINING_SCALES } from '../../demo/train/experiment.js';
import { LEVELS, Network } from '../../demo/train/network.js';
import { seededRandom } from '../../demo/train/random.js';
import { startTfjs } from '../../demo/train/tfjs.js';
import { Trainer } from '../../demo/train/trainer.js';
import { report, timeout } from '../fuzz/budget.js';
import { expectFlatMemory } from '../fuzz/memory-growth.js';

const { seed, minutes } = inject('random');

test('training leaves no more behind the longer it goes on', { timeout }, async () => {
  await startTfjs(tfjsWasmFolder());
  using runtime = await createRuntime({ variant: 'simd-threads', threads: 2 });
  const pool = await createPyramidPool({ levels: LEVELS, layout: 'NHWC', runtime });
  // Workers start with work that is worth it, as small batches may not be.
  pool.forward({ data: new Float32Array(2 ** 18), dims: [1, 64, 64, 64] });
  const random = seededRandom(seed);
  const digits = decodeDigits(await loadDigits());
  const network = new Network(random);
  const epochs = Number.MAX_SAFE_INTEGER;
  const trainer = new Trainer({ network, pool, digits, scales: TRAINING_SCALES, epochs, random });

  const held = await expectFlatMemory(runtime, async (_, parts) => {
    const until = performance.now() + (60_000 * minutes) / parts;
    do trainer.step();
    while (performance.now() < until);
  });
  const { images, accuracy } = trainer.progress;
  report('training', { images, minutes, accuracy, ...held });
  expect(images).toBeGreaterThan(0);
});
