/**
 * The network, in a worker, since starting it would hold up the page; started when the first image asks for it, once for
 * all views.
 */
import { proxy, wrap } from 'comlink';
import type { Plane } from '../../ink/plane.js';
import { failureOf } from '../ui/worker.js';
import type { FeatureMap } from './feature-map.js';
import type { Network } from './network.js';
import type { OnLoading } from './ort.js';

export interface Backbone {
  /** Maps of half the image's size, rounded up. */
  features(image: Plane): Promise<FeatureMap>;
}

let backbone: Promise<Backbone> | undefined;
const listeners = new Set<OnLoading>();

export function loadBackbone(onLoading: OnLoading): Promise<Backbone> {
  listeners.add(onLoading);
  backbone ??= load((...news) => {
    for (const listener of listeners) listener(...news);
  }).catch((error: unknown) => {
    backbone = undefined;
    throw error;
  });
  return backbone;
}

async function load(onLoading: OnLoading): Promise<Backbone> {
  const worker = new Worker(new URL('./network.worker.ts', import.meta.url), { type: 'module' });
  const network = wrap<Network>(worker);
  try {
    await Promise.race([network.open(proxy(onLoading)), failureOf(worker)]);
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return { features: (image) => network.features(image) };
}
