import type { Engine } from '../core/index.js';
import { findTorch, torchEngine } from './torch.js';

/** The other libraries that are found on this machine. */
export async function peers(threads: readonly number[]): Promise<Engine[]> {
  const python = findTorch()?.python;
  const torch = python
    ? [...threads.map((count) => torchEngine(python, count)), torchEngine(python, 1, true)]
    : [];
  return [...torch, ...(await fromNpm())];
}

/** Peers that are development dependencies. Hosts that cannot load one go without it. */
async function fromNpm(): Promise<Engine[]> {
  const [ort, tfjs] = await Promise.allSettled([import('./ort.js'), import('./tfjs.js')]);
  return [
    ...(ort.status === 'fulfilled' ? ort.value.ortEngines() : []),
    ...(tfjs.status === 'fulfilled' ? [tfjs.value.tfjs] : []),
  ];
}
