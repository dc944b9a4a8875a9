/**
 * Makes `digits.onnx`: trains the digit network as `npm start` does, writes its convolutions, and checks that
 * onnxruntime-web gives the network's own features for them. Run it with `npx tsx demo/backbone/make.ts`.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-web';
import { loadDigits, tfjsWasmFolder } from '../data/node-assets.js';
import { createPlainPool } from '../plain-js/index.js';
import { percent } from '../terminal/report.js';
import { accuracyOf, DEFAULT_EPOCHS, type ExperimentResult, runExperiment } from '../train/experiment.js';
import { LEVELS, type Network } from '../train/network.js';
import { startTfjs } from '../train/tfjs.js';
import { backboneFile, type Convolution } from './onnx-file.js';

const FILE = fileURLToPath(new URL('digits.onnx', import.meta.url));
const TOLERANCE = 1e-4;

const [raw] = await Promise.all([loadDigits(), startTfjs(tfjsWasmFolder())]);
const pool = createPlainPool({ levels: LEVELS, layout: 'NHWC' });
const experiment = await runExperiment({ raw, pool, epochs: DEFAULT_EPOCHS, seed: 1 });
await writeBackbone(experiment);

async function writeBackbone({ network, ordinary, unseen }: ExperimentResult): Promise<void> {
  const bytes = backboneFile(...convolutionsOf(network));
  await checkSameFeatures(bytes, network);
  await writeFile(FILE, bytes);
  console.log(`${FILE}: ${bytes.length} bytes, accuracy ${percent(accuracyOf([ordinary, ...unseen]))}`);
}

function convolutionsOf(network: Network): [Convolution, Convolution] {
  const [filter1, bias1, filter2, bias2] = network.weights;
  const convolution = (filter: tf.Variable, bias: tf.Variable): Convolution => ({
    filter: filter.dataSync<'float32'>(),
    shape: filter.shape,
    bias: bias.dataSync<'float32'>(),
  });
  return [convolution(filter1, bias1), convolution(filter2, bias2)];
}

/** Odd and even sizes, on pixels that are no digit. */
async function checkSameFeatures(bytes: Uint8Array, network: Network): Promise<void> {
  const session = await ort.InferenceSession.create(bytes);
  for (const [height, width] of [
    [1, 1],
    [7, 12],
    [33, 20],
  ]) {
    const image = Float32Array.from({ length: height * width }, (_, i) => Math.sin(i) ** 2);
    const { features } = await session.run({
      image: new ort.Tensor('float32', image, [1, 1, height, width]),
    });
    const own = tf.tidy(() => {
      const nhwc = network.features(tf.tensor4d(image, [1, height, width, 1]));
      return tf.transpose(nhwc, [0, 3, 1, 2]).dataSync<'float32'>();
    });
    const difference = own.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - Number(features.data[i]))),
      0,
    );
    if (features.data.length !== own.length || difference > TOLERANCE) {
      throw new Error(
        `At ${height} x ${width} the ONNX file's features differ from the network's by ${difference}.`,
      );
    }
  }
}
