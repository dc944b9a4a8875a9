/**
 * The small convolutional network in onnxruntime-web. The runtime is far larger than this page, so it is loaded when
 * the first image asks for it, once for all views.
 */
import backboneUrl from '../../backbone/digits.onnx?url';
import type { Plane } from '../ui/canvas.js';
import { type DownloadProgress, download } from '../ui/download.js';

export interface FeatureMap {
  readonly data: Float32Array;
  /** `[1, channels, height, width]` */
  readonly dims: readonly [number, number, number, number];
}

export interface Backbone {
  /** Maps of half the image's size, rounded up. */
  features(image: Plane): Promise<FeatureMap>;
}

export type OnLoading = (what: string, progress?: DownloadProgress) => void;

let backbone: Promise<Backbone> | undefined;
const listeners = new Set<OnLoading>();

export function loadBackbone(onLoading: OnLoading): Promise<Backbone> {
  listeners.add(onLoading);
  backbone ??= load((...news) => {
    for (const listener of listeners) listener(...news);
  });
  backbone.catch(() => {
    // Another try may find the network there again.
    backbone = undefined;
  });
  return backbone;
}

async function load(onLoading: OnLoading): Promise<Backbone> {
  onLoading('Loading onnxruntime-web');
  const [ort, { default: wasmUrl }] = await Promise.all([
    import('onnxruntime-web/wasm'),
    import('onnxruntime-web/ort-wasm-simd-threaded.wasm?url'),
  ]);
  const wasm = await download(wasmUrl, (progress) => onLoading('Loading onnxruntime-web', progress));
  onLoading('Starting the network');
  ort.env.wasm.wasmBinary = wasm.buffer;
  // A network of this size gains nothing from more, and threads of its own would want workers of its own.
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(backboneUrl);
  return {
    async features({ values, height, width }) {
      const image = new ort.Tensor('float32', values, [1, 1, height, width]);
      const { features } = await session.run({ image });
      return { data: features.data as Float32Array, dims: features.dims as unknown as FeatureMap['dims'] };
    },
  };
}
