/** onnxruntime-web, which is far larger than this page: loaded when it is first asked for. */
import { type DownloadProgress, download } from '../ui/download.js';

export type OnLoading = (what: string, progress?: DownloadProgress) => void;

export type Ort = typeof import('onnxruntime-web/wasm');

let loaded: Promise<Ort> | undefined;

export function loadOrt(onLoading: OnLoading): Promise<Ort> {
  loaded ??= load(onLoading).catch((error: unknown) => {
    // Another try may find the file there again.
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
  // Networks of this size gain nothing from more, and threads of its own would want workers of its own.
  ort.env.wasm.numThreads = 1;
  return ort;
}
