/** The small convolutional network in onnxruntime-web, started when the first image asks for it, once for all views. */
import backboneUrl from '../../backbone/digits.onnx?url';
import type { Plane } from '../ui/canvas.js';
import { loadOrt, type OnLoading } from './ort.js';

export interface FeatureMap {
  readonly data: Float32Array;
  /** `[1, channels, height, width]` */
  readonly dims: readonly [number, number, number, number];
}

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
  const ort = await loadOrt(onLoading);
  onLoading('Starting the network');
  const session = await ort.InferenceSession.create(backboneUrl);
  return {
    async features({ values, height, width }) {
      const image = new ort.Tensor('float32', values, [1, 1, height, width]);
      const { features } = await session.run({ image });
      return { data: features.data as Float32Array, dims: features.dims as unknown as FeatureMap['dims'] };
    },
  };
}
