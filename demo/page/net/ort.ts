/** Loads onnxruntime-web when it is first needed, since it is far larger than the page. */
import { type DownloadProgress, download } from '../ui/download.js';

export type OnLoading = (what: string, progress?: DownloadProgress) => void;

export type Ort = typeof import('onnxruntime-web/wasm');

let loaded: Promise<Ort> | undefined;

export function loadOrt(onLoading: OnLoading): Promise<Ort> {
  loaded ??= load(onLoading).catch((error: unknown) => {
    // The next attempt downloads again.
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function load(onLoading: OnLoading): Promise<Ort> {
  onLoading('Loading onnxruntime-web');
  const [ort, { default: wasmUrl }] = await Promise.all([
    import('onnxruntime-web/wasm'),
    import('onnxruntime-web/ort-wasm-simd-threaded.wasm?url'),
  ]);
  const wasm = await download(wasmUrl, (progress) => onLoading('Loading onnxruntime-web', progress));
  ort.env.wasm.wasmBinary = wasm.buffer;
  // Networks of this size gain nothing from more threads, which would need more workers.
  ort.env.wasm.numThreads = 1;
  return ort;
}
