import { packTensors } from '../model/safetensors.js';
import { LEVELS, Network } from './network.js';
import { readWeights } from './weights.js';

/** A trained network as a file: its weights by name, and the levels of the pyramid between them. */
export function modelFile(network: Network): Uint8Array<ArrayBuffer> {
  const { weights } = network;
  const tensors = readWeights(network).map((data, i) => ({
    name: Network.weightNames[i],
    shape: weights[i].shape,
    data,
  }));
  return packTensors({ tensors, metadata: { levels: LEVELS.join() } });
}
