/** Loads the WASM of tfjs, and reports progress. */
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { startTfjs } from '../../train/tfjs.js';
import { download } from '../ui/download.js';
import type { OnLoading } from './ort.js';

export async function loadTfjs(onLoading: OnLoading): Promise<void> {
  onLoading('Loading tfjs');
  const absolute = (url: string) => new URL(url, location.href).href;
  const wasm = await download(absolute(simdUrl), (progress) => onLoading('Loading tfjs', progress));
  // tfjs fetches its file from a URL.
  const loaded = URL.createObjectURL(new Blob([wasm], { type: 'application/wasm' }));
  try {
    onLoading('Starting tfjs');
    // tfjs requires the URLs of all three.
    await startTfjs({
      'tfjs-backend-wasm.wasm': absolute(plainUrl),
      'tfjs-backend-wasm-simd.wasm': loaded,
      'tfjs-backend-wasm-threaded-simd.wasm': absolute(threadedUrl),
    });
  } finally {
    URL.revokeObjectURL(loaded);
  }
}
