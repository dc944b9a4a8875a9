/** A detector's weights, as plain arrays and as a file. */
import { Float16Array } from '@petamoriken/float16';
import * as tf from '@tensorflow/tfjs-core';
import { packTensors, unpackTensors } from '../model/safetensors.js';
import { seededRandom } from '../train/random.js';
import { DetectorNetwork, LEVELS } from './network.js';

/** Copies of the weights, in the order of the layers. */
export function weightsOf(network: DetectorNetwork): Float32Array[] {
  return network.weights.map((weight) => weight.dataSync<'float32'>().slice());
}

/** A network with these weights. Throws where they are those of another network. */
export function networkWith(values: readonly Float32Array[]): DetectorNetwork {
  const network = new DetectorNetwork(seededRandom(1));
  const { weights } = network;
  if (values.length !== weights.length || weights.some(({ size }, i) => values[i].length !== size)) {
    network.dispose();
    throw new Error('These are the weights of another detector.');
  }
  tf.tidy(() => {
    weights.forEach((weight, i) => {
      weight.assign(tf.tensor(values[i], weight.shape));
    });
  });
  return network;
}

/** The file of a detector: its weights by name, as `float16`, and the levels of its pyramid. */
export function detectorFile(name: string, weights: readonly Float32Array[]): Uint8Array<ArrayBuffer> {
  const tensors = weights.map((data, i) => ({
    name: DetectorNetwork.weightNames[i],
    shape: DetectorNetwork.weightShapes[i],
    data,
  }));
  return packTensors({ tensors, metadata: { detector: name, levels: LEVELS.join() } }, (values) => {
    const halves = Float16Array.from(values);
    return new Uint16Array(halves.buffer, halves.byteOffset, halves.length);
  });
}

/** Reads such a file. Throws a sentence where it is none. */
export function readDetectorFile(bytes: Uint8Array): Float32Array[] {
  const { tensors } = unpackTensors(bytes, (bits) => Float32Array.from(new Float16Array(bits.buffer)));
  return DetectorNetwork.weightNames.map((name) => {
    const tensor = tensors.find((each) => each.name === name);
    if (!tensor) throw new Error(`The file has no tensor ${name}: it is that of another network.`);
    return tensor.data;
  });
}
