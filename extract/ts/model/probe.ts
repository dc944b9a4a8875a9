import type { Runtime } from 'pyramid-pool';
import { ExtractError, messageOf } from '../core/errors.js';
import type { Job } from '../core/settings.js';
import type { Pixels } from '../images/decode.js';
import { loadEngine } from './engine.js';
import { fixedSize, Network, openModel } from './network.js';

/** What a model was found to do. */
export interface Probe {
  readonly vectorLength: number;
  /** Bytes of activations for each pixel of an image, about. */
  readonly bytesPerPixel: number;
}

/** Sides of the images that a model is tried with: some take no small ones. */
const SIDES = [64, 256];

/** Where activations cannot be measured: 256 channels at half the size, thrice. */
const USUAL_BYTES_PER_PIXEL = 768;

/** Runs a model over a grey image: it must give a vector. And measures how much memory it takes for its activations. */
export async function probeModel(job: Job, runtime: Runtime): Promise<Probe> {
  const network = await Network.open(job, runtime);
  const { side, vectorLength } = await findSide(network, job, runtime);
  const bytesPerPixel = await measureActivations(job, runtime, network, side);
  await network.dispose();
  return { vectorLength, bytesPerPixel };
}

async function findSide(network: Network, job: Job, runtime: Runtime) {
  const engine = await loadEngine(job.engine!);
  const model = await openModel(job.model!, engine, runtime, {});
  const fixed = fixedSize(model, job.settings.images!.layout);
  await model.dispose();
  if (fixed) {
    throw new ExtractError(
      `${job.model} takes images of ${fixed.width} x ${fixed.height} alone: export it with height and width that may change`,
    );
  }
  for (const side of SIDES) {
    try {
      const { length } = await network.vectorOf(greyImage(side, network.channels));
      return { side, vectorLength: length };
    } catch (error) {
      if (error instanceof ExtractError || side === SIDES.at(-1)) {
        throw new ExtractError(`${job.model}: on a grey image of ${side} x ${side}, ${messageOf(error)}`);
      }
    }
  }
  throw new Error('there is a side');
}

/** The largest values of a run: an input and an output of a layer live at once, and one that is added later. */
const LIVE_VALUES = 3;

async function measureActivations(
  job: Job,
  runtime: Runtime,
  network: Network,
  side: number,
): Promise<number> {
  try {
    const engine = await loadEngine(job.engine!);
    const plain = await openModel(job.model!, engine, runtime, {});
    const outputs = plain.values.map(({ name }) => name).filter((name) => !plain.inputNames.includes(name));
    await plain.dispose();
    const model = await openModel(job.model!, engine, runtime, { outputs });
    const feeds = { [model.inputNames[0]!]: network.tensorOf(greyImage(side, network.channels)) };
    const results = (await model.run(feeds)) as Record<string, { data: ArrayBufferView }>;
    await model.dispose();
    const sizes = Object.values(results).map(({ data }) => data.byteLength);
    const largest = sizes.sort((a, b) => b - a).slice(0, LIVE_VALUES);
    return largest.reduce((a, b) => a + b, 0) / side ** 2;
  } catch {
    // A value that is no tensor cannot be an output.
    return USUAL_BYTES_PER_PIXEL;
  }
}

const greyImage = (side: number, channels: number): Pixels => ({
  data: new Uint8Array(side * side * channels).fill(128),
  width: side,
  height: side,
  channels,
});
